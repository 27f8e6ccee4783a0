"""HTTP as bytes: what a client may send, and a library never would."""

import re
import socket

JSON = "Content-Type: application/json\r\n"
HOST = "Host: localhost\r\n"


class Raw:
    """A connection to the TCP listener on which tests say what they like."""

    def __init__(self, api, timeout=5.0):
        self.sock = socket.create_connection(api.tcp, timeout)

    def send(self, data):
        if isinstance(data, str):
            data = data.encode("latin-1")
        self.sock.sendall(data)
        return self

    def rest(self):
        """Everything until the other side closes."""
        out = b""
        while True:
            try:
                part = self.sock.recv(65536)
            except ConnectionResetError:
                return out
            if not part:
                return out
            out += part

    def answer(self):
        """(status, headers, body) of one answer with a Content-Length."""
        out = b""
        while b"\r\n\r\n" not in out:
            part = self.sock.recv(65536)
            if not part:
                return None
            out += part
        head, body = out.split(b"\r\n\r\n", 1)
        lines = head.decode("latin-1").split("\r\n")
        headers = dict(re.split(r": *", x.lower(), maxsplit=1)
                       for x in lines[1:])
        while len(body) < int(headers["content-length"]):
            body += self.sock.recv(65536)
        return int(lines[0].split(" ")[1]), headers, body

    def is_closed(self):
        try:
            return self.sock.recv(1) == b""
        except ConnectionResetError:
            return True

    def close(self):
        self.sock.close()


def ask(api, data):
    raw = Raw(api)
    try:
        return raw.send(data).answer()
    finally:
        raw.close()


def get(path, headers="", token=None, version="1.1", host=HOST):
    if token:
        headers += f"Authorization: Bearer {token}\r\n"
    return f"GET {path} HTTP/{version}\r\n{host}{headers}\r\n"


def post(path, body, token, headers="", length=None):
    if isinstance(body, str):
        body = body.encode()
    size = len(body) if length is None else length
    head = (f"POST {path} HTTP/1.1\r\n{HOST}{JSON}{headers}"
            f"Authorization: Bearer {token}\r\nContent-Length: {size}\r\n\r\n")
    return head.encode() + body
