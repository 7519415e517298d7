// Generates src/runtime/seccomp/syscalls.gen.ts: the numbers of system calls on the architectures that tug's machines
// can run.
//
//   node tools/gen-syscalls.ts path/to/syscalls.csv [--check]
//
// The source is src/syscalls.csv of https://github.com/seccomp/libseccomp at the tag named below, which its authors
// compile from the kernel's own tables. Only names and numbers are taken. --check compares instead of writing.
import { readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { sha256 } from "../src/base/index.ts";

const TAG = "v2.6.1";
const target = resolve(import.meta.dirname, "../src/runtime/seccomp/syscalls.gen.ts");

/** Columns of the table, in the order in which they are written. */
const architectures = ["x86_64", "x86", "x32", "aarch64", "arm"] as const;

/** One line per call: its name and its number on each architecture, `-` where it does not exist. */
export function tableOf(csv: string): string {
  const [head = "", ...lines] = csv.trimEnd().split("\n");
  const columns = head.split(",");
  const positions = architectures.map((name) => columns.indexOf(name));
  const missing = architectures.filter((_, index) => positions[index] === -1);
  if (missing.length > 0) throw new Error(`no column ${missing.join(", ")} in the first line`);
  const rows = lines.map((line) => {
    const cells = line.split(",");
    const numbers = positions.map((position) =>
      /^\d+$/.test(cells[position] ?? "") ? cells[position] : "-",
    );
    return { name: cells[0] ?? "", numbers };
  });
  return rows
    .filter(({ numbers }) => numbers.some((number) => number !== "-"))
    .map(({ name, numbers }) => `${name} ${numbers.join(" ")}`)
    .sort()
    .join("\n");
}

function moduleOf(table: string): string {
  return `// Made by: node tools/gen-syscalls.ts syscalls.csv (src/syscalls.csv of libseccomp ${TAG})

/** Which architecture each number of a line belongs to. */
export const syscallColumns = ${JSON.stringify(architectures)} as const;

/** Changes with the table below, so that whatever was compiled with another one is told apart. */
export const syscallTableDigest = ${JSON.stringify(sha256(table).slice(7, 23))};

/** Name and numbers of every system call, one a line; \`-\` where an architecture does not have it. */
export const syscallTable = \`
${table}
\`;
`;
}

if (import.meta.main) {
  const [source, mode] = process.argv.slice(2);
  if (source === undefined) throw new Error("name the syscalls.csv to read");
  const text = moduleOf(tableOf(readFileSync(source, "utf8")));
  if (mode !== "--check") writeFileSync(target, text);
  else if (readFileSync(target, "utf8") !== text) {
    console.error("syscalls.gen.ts does not match its source: run without --check");
    process.exitCode = 1;
  }
}
