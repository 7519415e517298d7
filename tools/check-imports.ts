// Checks that src/ imports follow import-table.ts and go through index.ts doors. Exit code 1 and one line per breach.
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { importTable } from "./import-table.ts";

const root = resolve(import.meta.dirname, "../src");
const folders = Object.keys(importTable).sort((a, b) => b.length - a.length);

/** The table's folder that a path below src/ belongs to. */
function folderOf(path: string): string | undefined {
  return folders.find((folder) => path.startsWith(`${folder}/`));
}

/** The breaches of one source file. */
export function checkFile(path: string, text: string): string[] {
  const from = folderOf(path);
  if (from === undefined) return [`src/${path}: lies in no folder of the import table`];
  const breaches: string[] = [];
  for (const [, target] of text.matchAll(/(?:\bfrom|\bimport)\s*\(?\s*"(\.[^"]+)"/g)) {
    const resolved = relative(root, resolve(root, dirname(path), target ?? ""));
    const to = folderOf(resolved);
    if (to === from) continue;
    const may = importTable[from]?.may ?? [];
    if (to === undefined || !(may.includes(to) || may.includes("*"))) {
      breaches.push(`src/${path}: ${from} may not import ${resolved} (may: ${may.join(", ") || "nothing"})`);
    } else if (!isDoor(resolved, to) && !(isForTests(path) && resolved.startsWith(`${to}/testing/`))) {
      breaches.push(`src/${path}: ${resolved} must be imported through ${to}/index.ts`);
    }
  }
  return breaches;
}

/** Tests, and what is made for them, may use what other folders make for tests. */
function isForTests(path: string): boolean {
  return path.includes(".test.") || path.includes("/testing/");
}

/** Each specification is a door of its own, so that nobody loads the parsers of all of them. */
function isDoor(path: string, folder: string): boolean {
  return path === `${folder}/index.ts` || (folder === "specs" && /^specs\/[^/]+\/index\.ts$/.test(path));
}

if (import.meta.main) {
  const files = readdirSync(root, { recursive: true, encoding: "utf8" }).filter((f) => f.endsWith(".ts"));
  const breaches = files.flatMap((file) => checkFile(file, readFileSync(join(root, file), "utf8")));
  for (const breach of breaches) console.error(breach);
  if (breaches.length > 0) process.exit(1);
  console.log(`imports: ${files.length} files follow the table`);
}
