import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { errorTables } from "../../src/base/index.ts";

/** A module's error table: where it is declared, the prefix of its codes, and its rows. */
export type ErrorTable = {
  /** Path from the checkout. */
  readonly file: string;
  readonly prefix: string;
  readonly rows: readonly { readonly code: string; readonly kind: string; readonly when: string }[];
};

const checkout = resolve(import.meta.dirname, "../..");
const declaration = /\bdefineErrors\("(\w+)"/g;

/**
 * The error tables of all modules, by prefix. Every file that declares one is loaded, so that none is forgotten.
 *
 * @throws Error where two tables have the same prefix, or two codes the same full name
 */
export async function readErrorTables(): Promise<ErrorTable[]> {
  const sources = readdirSync(join(checkout, "src"), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts"))
    .map((name) => `src/${name}`)
    .sort();
  const declared = sources.flatMap((file) =>
    [...readFileSync(join(checkout, file), "utf8").matchAll(declaration)].map(([, prefix = ""]) => ({
      file,
      prefix,
    })),
  );
  for (const { file } of declared) await import(join(checkout, file));
  const tables = declared.map(({ file, prefix }) => ({
    file,
    prefix,
    rows: Object.entries(errorTables().get(prefix) ?? {}).map(([code, row]) => ({
      code: `${prefix}_${code}`,
      ...row,
    })),
  }));
  refuseDuplicates(tables.map((table) => table.prefix));
  refuseDuplicates(tables.flatMap((table) => table.rows.map((row) => row.code)));
  return tables.sort((a, b) => (a.prefix < b.prefix ? -1 : 1));
}

/** The page of all error codes. */
export async function errorsPage(): Promise<string> {
  const parts = (await readErrorTables()).map((table) =>
    [
      `## ${table.prefix}`,
      "",
      `Declared in \`${table.file}\`.`,
      "",
      "| code | kind | when |",
      "| --- | --- | --- |",
      ...table.rows.map((row) => `| \`${row.code}\` | ${row.kind} | ${row.when.replaceAll("|", "\\|")} |`),
    ].join("\n"),
  );
  const introduction = [
    "# Errors",
    "",
    "Made from the tables of all modules by `npm run gen`. A failure has a sentence for people, a stable `code`, and a",
    "`kind`, from which alone each door chooses its own status: HTTP, exit code.",
  ].join("\n");
  return `${[introduction, ...parts].join("\n\n")}\n`;
}

function refuseDuplicates(names: readonly string[]): void {
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new Error(`cannot list the errors: ${twice} is declared twice`);
}
