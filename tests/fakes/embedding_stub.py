"""An OpenAI-compatible /embeddings endpoint that knows some synonyms.

    with EmbeddingStub() as stub:
        ...  AGENT_RUNTIME_EMBED_BASE_URL=stub.url
        stub.mode = "down"

A text's vector has a place for each word, and synonyms share one. What it was
sent is in stub.texts and stub.keys.
"""

import hashlib
import http.server
import json
import re
import threading

DIMENSIONS = 512
SAME = [{"car", "automobile", "vehicle"}, {"doctor", "physician"},
        {"begin", "start", "commence"}, {"purchase", "buy"}]
MEANINGS = {word: sorted(group)[0] for group in SAME for word in group}


def vector(text, n=DIMENSIONS):
    values = [0.0] * n
    for word in re.findall(r"[a-z]+", text.lower()):
        digest = hashlib.sha256(MEANINGS.get(word, word).encode()).digest()
        values[int.from_bytes(digest[:4], "big") % n] += 1.0
    values[0] += 0.01
    return values


def good(texts, n=DIMENSIONS):
    return {"data": [{"index": i, "embedding": vector(t, n)}
                     for i, t in enumerate(texts)],
            "usage": {"prompt_tokens": 7 * len(texts)}}


def broken(texts, value):
    body = good(texts)
    body["data"][-1]["embedding"][0] = value
    return body


def picky(texts):
    """As one whose model reads less than a section may have."""
    if any("zqlong" in text for text in texts):
        return 413, '{"error": {"message": "sk-secret"}}'
    return 200, json.dumps(good(texts))


# mode -> (status, what is answered)
MODES = {
    "good": lambda t: (200, json.dumps(good(t))),
    "reversed": lambda t: (200, json.dumps(
        {"data": good(t)["data"][::-1]})),
    "down": lambda t: (500, "{}"),
    "limited": lambda t: (429, "{}"),
    "unwilling": lambda t: (400, "{}"),
    "forbidden": lambda t: (401, '{"error": {"message": "sk-secret"}}'),
    "no json": lambda t: (200, "<html>"),
    "a list": lambda t: (200, "[]"),
    "no data": lambda t: (200, "{}"),
    "too few": lambda t: (200, json.dumps(
        {"data": good(t)["data"][:-1]})),
    "one twice": lambda t: (200, json.dumps(
        {"data": [{"index": 0, "embedding": vector(x)} for x in t] +
         [{"index": 0, "embedding": vector("x")}]})),
    "mixed dimensions": lambda t: (200, json.dumps(
        {"data": [{"index": i, "embedding": vector(x, 8 + i)}
                  for i, x in enumerate(t + ["y"])][:len(t)]
         if len(t) > 1 else [{"index": 0, "embedding": []}]})),
    "other dimensions": lambda t: (200, json.dumps(good(t, 32))),
    "too many dimensions": lambda t: (200, json.dumps(good(t, 5000))),
    "NaN": lambda t: (200, json.dumps(broken(t, float("nan")))),
    "infinity": lambda t: (200, json.dumps(broken(t, 0)).replace(
        "[0,", "[1e999,", 1)),
    "text": lambda t: (200, json.dumps(broken(t, "0.5"))),
    "zeros": lambda t: (200, json.dumps({"data": [
        {"index": i, "embedding": [0] * DIMENSIONS}
        for i in range(len(t))]})),
    "picky": picky,
    "huge": lambda t: (200, " " * (9 * 1024 * 1024) + json.dumps(good(t))),
}
SENSELESS = [m for m in MODES if m not in (
    "good", "reversed", "picky", "unwilling",
    "other dimensions")]


class EmbeddingStub:
    def __init__(self):
        self.mode = "good"
        self.texts, self.keys = [], []
        self.lets_answer = threading.Event()
        self.lets_answer.set()

    def answer(self, handler):
        size = int(handler.headers["Content-Length"])
        asked = json.loads(handler.rfile.read(size))
        self.keys.append(handler.headers.get("Authorization"))
        self.texts += asked["input"]
        self.model = asked["model"]
        assert handler.path == "/v1/embeddings"
        mode = self.mode
        self.lets_answer.wait(60)
        status, text = MODES[mode](asked["input"])
        handler.send_response(status)
        handler.send_header("Content-Type", "application/json")
        handler.send_header("Content-Length", str(len(text)))
        handler.end_headers()
        handler.wfile.write(text.encode())

    def __enter__(self):
        stub = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                try:
                    stub.answer(self)
                except (BrokenPipeError, ConnectionResetError):
                    self.close_connection = True

            def log_message(self, *args):
                pass

        self.server = http.server.ThreadingHTTPServer(
            ("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/v1"
        threading.Thread(target=self.server.serve_forever,
                         daemon=True).start()
        return self

    def __exit__(self, *_exc):
        self.lets_answer.set()
        self.server.shutdown()
        self.server.server_close()
