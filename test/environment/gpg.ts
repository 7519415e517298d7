import { execFile, execFileSync } from "node:child_process";
import { promisify } from "node:util";
import { temporaryDirectory } from "./temporary.ts";

const run = promisify(execFile);

/** A user's keys, in a directory of their own; its agent ends with its scope. */
export type GpgHome = AsyncDisposable & {
  readonly path: string;
  /** Variables by which gpg, and what calls it, finds the keys. */
  readonly env: Readonly<Record<string, string>>;
  /** Makes a key without a password; gives its fingerprint. `words` come before the command. */
  makeKey(user: string, ...words: string[]): Promise<string>;
  /** Runs gpg; gives what it wrote. */
  gpg(...args: string[]): Promise<Buffer>;
};

/** Why a test that needs gpg must be skipped, or false. What skopeo and podman sign with is the machine's gpg too. */
export function requireGpg(): string | false {
  try {
    execFileSync("gpg", ["--version"], { stdio: "ignore" });
    return false;
  } catch {
    return "needs gpg";
  }
}

/** Makes a directory for keys. */
export async function makeGpgHome(): Promise<GpgHome> {
  await using scope = new AsyncDisposableStack();
  const directory = scope.use(await temporaryDirectory());
  const env = { GNUPGHOME: directory.path };
  const gpg = async (...args: string[]): Promise<Buffer> => {
    const options = { env: { ...process.env, ...env }, encoding: "buffer" } as const;
    return (
      await run(
        "gpg",
        ["--batch", "--yes", "--passphrase", "", "--pinentry-mode", "loopback", ...args],
        options,
      )
    ).stdout;
  };
  scope.defer(() => run("gpgconf", ["--homedir", directory.path, "--kill", "all"]).then(() => {}));
  const open = scope.move();
  return {
    path: directory.path,
    env,
    gpg,
    async makeKey(user, ...words) {
      await gpg(
        ...words,
        "--quick-generate-key",
        user,
        "ed25519",
        "sign",
        words.length === 0 ? "never" : "1y",
      );
      const listed = String(await gpg("--list-keys", "--with-colons", user));
      return /^fpr:::::::::([0-9A-F]{40}):/m.exec(listed)?.[1] ?? "";
    },
    [Symbol.asyncDispose]: () => open[Symbol.asyncDispose](),
  };
}
