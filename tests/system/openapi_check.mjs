// Holds OpenAPI documents, and what a real server answered, against each other
// with public validators. Reads {documents, exchanges} from standard input and
// writes the faults of each document, by its name.
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const modules = process.env.NODE_HOME + "/node_modules/";
const load = (path) => import(pathToFileURL(modules + path));
const { Validator } =
    await load("@seriousme/openapi-schema-validator/index.js");
const { Ajv2020 } = await load("ajv/dist/2020.js");

const validator = new Validator();
const BODY = ["content", "application/json", "schema"];
// Refused before it is known which operation was meant.
const NO_OPERATION = [404, 405, 414, 431, 501, 505];

const pointer = (...keys) => "doc#/" + keys.map((k) => encodeURIComponent(
    String(k).replaceAll("~", "~0").replaceAll("/", "~1"))).join("/");

class Document {
  constructor(document) {
    this.document = document;
    // Clients may meet new keys; the document may not have forgotten one.
    for (const schema of Object.values(document.components.schemas))
      schema.additionalProperties ??= false;
    this.ajv = new Ajv2020({ strict: false, allErrors: true });
    this.ajv.addSchema(document, "doc");
  }

  read(keys) {
    return keys.reduce((value, key) => value?.[key], this.document);
  }

  follow(keys) {
    const at = this.read(keys);
    return at?.$ref ? at.$ref.slice(2).split("/") : keys;
  }

  check(keys, value) {
    try {
      const validate = this.ajv.compile({ $ref: pointer(...keys) });
      return validate(value) ? null : this.ajv.errorsText(validate.errors);
    } catch (error) {
      return `no schema: ${error.message}`;
    }
  }

  checkAnswer(x, operation) {
    const responses = [...operation, "responses"];
    const isListed = this.read(responses)[x.status] !== undefined;
    if (!isListed && !NO_OPERATION.includes(x.status))
      return `answers ${x.status}, which is not described`;
    const response =
        this.follow([...responses, isListed ? x.status : "default"]);
    return this.check([...response, ...BODY], x.answer);
  }

  parametersOf(operation) {
    return (this.read([...operation, "parameters"]) ?? []).map((_, i) => {
      const at = this.follow([...operation, "parameters", i]);
      return { ...this.read(at), at };
    });
  }

  checkQuery(x, operation) {
    const known = this.parametersOf(operation).filter((p) => p.in === "query");
    for (const [name, value] of Object.entries(x.query)) {
      const p = known.find((k) => k.name === name);
      if (!p) return `query: ${name} is unknown`;
      const typed = p.schema.type === "integer" ? Number(value) : value;
      const wrong = this.check([...p.at, "schema"], typed);
      if (wrong) return `query: ${name}: ${wrong}`;
    }
    const missing = known.find((p) => p.required && !(p.name in x.query));
    return missing ? `query: ${missing.name} is missing` : null;
  }

  checkRequest(x, operation) {
    if (!this.read([...operation, "requestBody"]))
      return x.body === null ? this.checkQuery(x, operation) : "takes no body";
    return this.check([...operation, "requestBody", ...BODY], x.body);
  }

  *faultsOf(x) {
    const operation = ["paths", x.path, x.method.toLowerCase()];
    if (!this.read(operation)) {
      yield "is not described";
      return;
    }
    const wrong = this.checkAnswer(x, operation);
    if (wrong) yield wrong + " " + JSON.stringify(x.answer).slice(0, 500);
    if (x.is_good === null) return;
    const refused = this.checkRequest(x, operation);
    if (x.is_good && refused) yield "a good request: " + refused;
    if (!x.is_good && !refused) yield "a bad request is described as good";
  }
}

async function faultsOf(document, exchanges) {
  const verdict = await validator.validate(structuredClone(document));
  if (!verdict.valid) return ["document: " + JSON.stringify(verdict.errors)];
  const checked = new Document(document);
  return exchanges.flatMap((x) => [...checked.faultsOf(x)].map(
      (fault) => `${x.method} ${x.path} (${x.what}): ${fault}`));
}

const { documents, exchanges } = JSON.parse(readFileSync(0, "utf8"));
const faults = {};
for (const [name, document] of Object.entries(documents))
  faults[name] = await faultsOf(document, exchanges);
console.log(JSON.stringify(faults));
