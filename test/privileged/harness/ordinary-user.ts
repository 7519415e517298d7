import { existsSync, statSync } from "node:fs";
import { chown, copyFile, mkdir, realpath, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { cacheDirectory, checkout } from "../../../tools/test/cache.ts";
import { debianProgram, temporaryDirectory } from "../../environment/index.ts";
import { mountSpace } from "./mount-space.ts";

/** The number of a user, and of its group, that no machine has. */
const ID = 43_210;

/** The first of the further ids that this user may map. */
export const FIRST_SUBORDINATE = 1_300_000;

/** How many of them there are. */
export const SUBORDINATES = 65_536;

/** A user without any privilege. */
export type OrdinaryUser = AsyncDisposable & {
  readonly id: number;
  /** Its own directory, in which XDG_RUNTIME_DIR is. */
  readonly home: string;
  /** What a command is put behind to be run by this user in a directory; PATH leads to newuidmap(1) where that was asked for. */
  within(directory: string): readonly string[];
};

/** Why there can be none with further ids, or false. */
export const lacksMappers = debianProgram("newuidmap").skip;

/**
 * Makes a user known to a mount namespace of its own, where /etc says so. With `mappers`, newuidmap(1) and its kin are on
 * its PATH, and /etc/subuid and /etc/subgid give it SUBORDINATES ids from FIRST_SUBORDINATE on.
 */
export async function ordinaryUser({ mappers = false } = {}): Promise<OrdinaryUser> {
  await using stack = new AsyncDisposableStack();
  const temporary = stack.use(await temporaryDirectory());
  const { path } = temporary;
  const space = stack.use(await mountSpace());
  await makeEtc(join(path, "etc"));
  space.run("mount", "--bind", join(path, "etc"), "/etc");
  await makeReachable(space.run, join(path, "aside"));
  const home = join(path, "home");
  await mkdir(join(home, "run"), { recursive: true });
  for (const each of [path, home, join(home, "run")]) await chown(each, ID, ID);
  const kept = stack.move();
  const search = mappers ? dirname(debianProgram("newuidmap").path) : "/nowhere";
  return {
    id: ID,
    home,
    within: (directory) => [
      ...space.within,
      ...["setpriv", `--reuid=${ID}`, `--regid=${ID}`, "--clear-groups", "--inh-caps=-all", "--"],
      ...["env", "--chdir", directory],
      ...[`HOME=${home}`, `XDG_RUNTIME_DIR=${join(home, "run")}`, `PATH=${search}`],
    ],
    [Symbol.asyncDispose]: () => kept[Symbol.asyncDispose](),
  };
}

async function makeEtc(path: string): Promise<void> {
  await mkdir(path, { mode: 0o755 });
  if (existsSync("/etc/ld.so.cache")) await copyFile("/etc/ld.so.cache", join(path, "ld.so.cache"));
  const range = `ordinary:${FIRST_SUBORDINATE}:${SUBORDINATES}\n`;
  for (const [name, text] of [
    ["passwd", `root:x:0:0::/:/bin/sh\nordinary:x:${ID}:${ID}::/:/bin/sh\n`],
    ["group", `root:x:0:\nordinary:x:${ID}:\n`],
    ["subuid", range],
    ["subgid", range],
  ] as const) {
    await writeFile(join(path, name), text);
  }
}

/** Directories that lie in somebody's own are put at their places in a tree that everybody may walk through. */
export async function makeReachable(run: (...command: string[]) => string, aside: string): Promise<void> {
  const needed = [checkout, cacheDirectory, dirname(await realpath(process.execPath))];
  const closed = needed.filter(isClosed).map((path, index) => ({ path, aside: `${aside}-${index}` }));
  for (const each of closed) {
    await mkdir(each.aside);
    run("mount", "--bind", each.path, each.aside);
  }
  for (const top of new Set(closed.map(({ path }) => path.split("/")[1] ?? ""))) {
    run("mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", `/${top}`);
  }
  for (const each of closed) {
    run("mkdir", "-p", each.path);
    run("mount", "--move", each.aside, each.path);
  }
}

function isClosed(path: string): boolean {
  return path !== "/" && ((statSync(path).mode & 0o001) === 0 || isClosed(dirname(path)));
}
