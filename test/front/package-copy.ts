import { cp, mkdir, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { CommandResult, TugInstance } from "../environment/index.ts";
import { runProgram } from "./run-program.ts";

const checkout = resolve(import.meta.dirname, "../..");

/** The package at another place, as another build or another version. */
export type PackageCopy = {
  readonly path: string;
  readonly program: string;
  readonly build: string;
  /** Runs its `tug` to the end, before the directories of an instance. */
  tug(args: readonly string[], options?: { readonly before?: readonly string[] }): Promise<CommandResult>;
};

export type CopyOptions = {
  /** Instead of the package's own; of 32 characters, as those are. */
  readonly build?: string;
  readonly version?: string;
};

/** Copies what the build has made. Its Node is that of the checkout. */
export async function copyPackage(
  instance: TugInstance,
  name: string,
  { build, version }: CopyOptions = {},
): Promise<PackageCopy> {
  const path = join(instance.directory, name);
  await mkdir(path);
  await cp(join(checkout, "dist"), join(path, "dist"), { recursive: true });
  await symlink(join(checkout, "node_modules"), join(path, "node_modules"));
  const own = (await readFile(join(path, "dist/build"), "utf8")).trim();
  const { version: ownVersion } = JSON.parse(await readFile(join(checkout, "package.json"), "utf8"));
  const replaced = [
    [own, build ?? own],
    [`"${ownVersion}"`, `"${version ?? ownVersion}"`],
  ] as const;
  await writeFile(join(path, "dist/build"), `${build ?? own}\n`);
  for (const file of await readdir(join(path, "dist/bin"))) {
    let text = await readFile(join(path, "dist/bin", file), "utf8");
    for (const [from, to] of replaced) text = text.replaceAll(from, to);
    await writeFile(join(path, "dist/bin", file), text);
  }
  const program = join(path, "dist/helper/tug-helper");
  return {
    path,
    program,
    build: build ?? own,
    tug: (args, { before = [] } = {}) => runProgram([...before, program, "front", ...args], instance.env),
  };
}
