import { execFile } from "node:child_process";
import { access, constants, stat } from "node:fs/promises";
import { isAbsolute, resolve } from "node:path";
import { promisify } from "node:util";
import { reasonOf } from "../../base/index.ts";
import { lifecycleError } from "../errors.ts";

/** How criu is found: the caller's environment, and what `--criu` says. */
export type CriuSearch = {
  readonly path?: string | undefined;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** How the caller is told where criu is. */
  readonly howToSay: string;
};

/** The first version with each of the requests that are made. */
const OLDEST = [3, 15] as const;
/** For a look at a version or a feature: an emulated processor takes its time. */
const PATIENCE_MS = 60_000;
const usualPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
const run = promisify(execFile);

/**
 * The program of criu, by an absolute path.
 *
 * @throws CONTAINER_CRIU where it is missing, does not run, or is too old
 */
export async function findCriu(search: CriuSearch): Promise<string> {
  const path = await locate(search);
  const [major = 0, minor = 0] = await versionOf(path, search);
  if (major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1])) return path;
  throw lifecycleError("CRIU", `cannot use ${path}: version ${major}.${minor} is too old`, {
    hint: `install criu ${OLDEST.join(".")} or newer; a new kernel may want the newest`,
  });
}

/** What criu and the kernel must be able to do for a flag: the flag, criu's name for it, and what the kernel lacks else. */
const features = {
  "--pre-dump": ["mem_dirty_track", "track which memory was changed"],
  "--lazy-pages": ["uffd-noncoop", "ask for single pages of memory (userfaultfd)"],
} as const;

/** @throws CONTAINER_CRIU where criu says that it cannot do what a flag asks for */
export async function checkFeature(path: string, flag: keyof typeof features): Promise<void> {
  const [feature, words] = features[flag];
  const options = { timeout: PATIENCE_MS, env: {} };
  await run(path, ["check", "--feature", feature], options).catch((cause: unknown) => {
    throw lifecycleError("CRIU", `cannot use ${flag}: criu and this kernel cannot ${words}`, {
      hint: `see: criu check --feature ${feature}; or leave the flag out`,
      cause,
    });
  });
}

/** The environment that criu gets: the programs that it runs itself (tar, nft, iptables) are looked for there. */
export function criuEnvironment({ env }: CriuSearch): string[] {
  return [`PATH=${env.PATH ?? usualPath}`];
}

async function locate({ path: given, cwd, env, howToSay }: CriuSearch): Promise<string> {
  const name = given ?? "criu";
  const folders = name.includes("/") ? [cwd] : (env.PATH ?? usualPath).split(":").filter(isAbsolute);
  for (const folder of folders) {
    const path = resolve(folder, name);
    if (await isProgram(path)) return path;
  }
  const where = name.includes("/") ? `${resolve(cwd, name)} is no program` : `no ${name} in $PATH`;
  throw lifecycleError("CRIU", `cannot find criu: ${where}`, {
    hint: `install criu (the package of that name), or say where it is with ${howToSay}`,
  });
}

async function isProgram(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}

async function versionOf(path: string, { howToSay }: CriuSearch): Promise<number[]> {
  const { stdout } = await run(path, ["--version"], { timeout: PATIENCE_MS, env: {} }).catch(
    (error: unknown) => {
      throw lifecycleError("CRIU", `cannot run ${path} --version: ${reasonOf(error)}`, {
        hint: "see whether it is a criu that runs on this machine",
        cause: error,
      });
    },
  );
  const version = /^Version: (\d+)\.(\d+)/m.exec(stdout);
  if (version !== null) return [Number(version[1]), Number(version[2])];
  throw lifecycleError("CRIU", `cannot use ${path}: it does not say which version of criu it is`, {
    hint: `say where criu is with ${howToSay}`,
  });
}
