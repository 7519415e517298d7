// Checks that every declared error code is raised somewhere. Exit code 1 and one line per code that is not.
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { type ErrorTable, readErrorTables } from "./gen/errors-page.ts";

const root = resolve(import.meta.dirname, "../src");

/** The codes that no source text names. They are raised by their name without the prefix, in double quotes. */
export function unraisedCodes(tables: readonly ErrorTable[], sources: readonly string[]): string[] {
  return tables.flatMap(({ file, prefix, rows }) =>
    rows
      .map((row) => row.code)
      .filter((code) => !sources.some((text) => text.includes(`"${code.slice(prefix.length + 1)}"`)))
      .map((code) => `${file}: ${code} is declared and never raised`),
  );
}

if (import.meta.main) {
  const tables = await readErrorTables();
  const sources = readdirSync(root, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts"))
    .map((name) => readFileSync(join(root, name), "utf8"));
  const unraised = unraisedCodes(tables, sources);
  for (const line of unraised) console.error(line);
  if (unraised.length > 0) process.exit(1);
  console.log(`errors: the codes of ${tables.length} tables are all raised`);
}
