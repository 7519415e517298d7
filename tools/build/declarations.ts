import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, relative, resolve } from "node:path";
import { promisify } from "node:util";

/**
 * The declarations of the library, by path from the folder of all of them: `library/index.d.ts` and what it refers to.
 * Types are not checked here.
 *
 * @param root the checkout
 */
export async function libraryDeclarations(root: string): Promise<Map<string, string>> {
  const directory = await mkdtemp(join(tmpdir(), "tug-types-"));
  try {
    const config = join(root, "tools/library.tsconfig.json");
    await promisify(execFile)(join(root, "node_modules/.bin/tsc"), ["-p", config, "--outDir", directory]);
    const declarations = new Map<string, string>();
    await collect(directory, "library/index.d.ts", declarations);
    return declarations;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function collect(directory: string, name: string, found: Map<string, string>): Promise<void> {
  if (found.has(name)) return;
  const text = await readFile(join(directory, name), "utf8");
  found.set(name, text);
  for (const [, target = ""] of text.matchAll(/\b(?:from|import) ?\(?"(\.[^"]+)\.ts"/g)) {
    const path = resolve(directory, dirname(name), `${target}.d.ts`);
    await collect(directory, relative(directory, path), found);
  }
}
