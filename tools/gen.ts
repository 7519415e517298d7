// Writes the generated files, or with --check says which of them are stale and exits with 1.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { errorsPage } from "./gen/errors-page.ts";
import { libraryPage } from "./gen/library-page.ts";
import { opsHeader } from "./gen/ops-header.ts";
import { planReference } from "./gen/plan-reference.ts";

/** Path of each generated file and the function that makes its text. */
const generators: Readonly<Record<string, () => string | Promise<string>>> = {
  "helper/ops.gen.h": opsHeader,
  "docs/plan-reference.md": planReference,
  "docs/errors.md": errorsPage,
  "docs/library.md": libraryPage,
};

const root = resolve(import.meta.dirname, "..");
const check = process.argv.includes("--check");
let stale = 0;
for (const [path, make] of Object.entries(generators)) {
  const file = resolve(root, path);
  const text = await make();
  if (existsSync(file) && readFileSync(file, "utf8") === text) continue;
  stale += 1;
  if (check) console.error(`${path} is stale: run npm run gen`);
  else {
    writeFileSync(file, text);
    console.log(`wrote ${path}`);
  }
}
if (check && stale > 0) process.exit(1);
if (check) console.log(`generated: ${Object.keys(generators).length} files are fresh`);
