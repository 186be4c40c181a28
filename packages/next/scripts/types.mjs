// Writes src/generated.ts from the server's OpenAPI document; with --check only says whether it is as it should be.

import { readFile, writeFile } from "node:fs/promises";
import openapi, { astToString } from "openapi-typescript";

const document = new URL("../../../docs/openapi.json", import.meta.url);
const target = new URL("../src/generated.ts", import.meta.url);

const api = JSON.parse(await readFile(document, "utf8"));
// Only shapes and paths are used, and operations of one name would collide.
for (const path of Object.values(api.paths)) {
  for (const operation of Object.values(path)) delete operation.operationId;
}
const header = "// Made from docs/openapi.json by `npm run types`. Not to be edited.\n\n";
const text = header + astToString(await openapi(api));

if (!process.argv.includes("--check")) {
  await writeFile(target, text);
} else if (text !== (await readFile(target, "utf8"))) {
  console.error("src/generated.ts is not what docs/openapi.json says. Run `npm run types`.");
  process.exit(1);
}
