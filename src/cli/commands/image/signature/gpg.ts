import { type ChildProcess, spawn } from "node:child_process";
import type { Duplex } from "node:stream";
import { errnoOf, messageOf } from "../../../../base/index.ts";
import { formOf } from "../../../../signatures/index.ts";
import type { CliContext } from "../../../context.ts";
import { cliError } from "../../../errors.ts";
import { printable } from "../../../terminal/printable.ts";

/** The most that gpg may answer, in bytes. */
const maxOutput = 1024 * 1024;

/** Who asks gpg: the keys are those of this user. */
export type GpgCaller = Pick<CliContext, "env" | "cwd"> & { readonly signal: AbortSignal };

/** Descriptor on which gpg gets a password. */
const PASSWORD_FD = 3;

/**
 * The public key, as gpg has it, of whoever signs.
 * @param signer what gpg finds the key by: a fingerprint, a key id, a mail address
 * @throws CLI_GPG
 */
export async function exportGpgKey(signer: string, caller: GpgCaller): Promise<Uint8Array> {
  const key = await runGpg(["--export", "--", signer], { signer, ...caller });
  if (key.length === 0) throw failed(signer, "gpg has no such key");
  return key;
}

/**
 * A message that holds a text and a signature of it.
 * @param password of the private key; left out, gpg's agent asks for it
 * @throws CLI_GPG
 */
export async function signWithGpg(
  text: Uint8Array,
  { signer, password, ...caller }: GpgCaller & { signer: string; password: string | undefined },
): Promise<Uint8Array> {
  const words = ["--no-armor", "--no-textmode", "--local-user", signer, "--output", "-", "--sign"];
  const loopback = ["--pinentry-mode", "loopback", "--passphrase-fd", String(PASSWORD_FD)];
  const message = await runGpg(password === undefined ? words : [...loopback, ...words], {
    signer,
    input: text,
    password,
    ...caller,
  });
  if (formOf({ payload: message, signature: "" }) !== "gpg") throw failed(signer, "gpg gave no signature");
  return message;
}

type GpgRun = GpgCaller & {
  readonly signer: string;
  readonly input?: Uint8Array;
  readonly password?: string | undefined;
};

function runGpg(
  words: readonly string[],
  { signer, input, password, env, cwd, signal }: GpgRun,
): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const child = spawn("gpg", ["--batch", "--no-tty", ...words], {
      cwd,
      env: { ...env },
      signal,
      stdio: ["pipe", "pipe", "pipe", password === undefined ? "ignore" : "pipe"],
    });
    const stdout = collect(child, "stdout");
    const stderr = collect(child, "stderr");
    child.on("error", (error) => reject(signal.aborted ? error : unusable(signer, error)));
    child.on("close", (code) => {
      if (code === 0) resolve(stdout());
      else reject(failed(signer, reasonIn(Buffer.from(stderr()).toString(), code)));
    });
    // gpg may end without reading what it is given.
    child.stdin?.on("error", () => {});
    child.stdin?.end(input ?? "");
    const secret = child.stdio[PASSWORD_FD] as Duplex | null | undefined;
    secret?.on("error", () => {});
    secret?.end(`${password}\n`);
  });
}

function collect(child: ChildProcess, name: "stdout" | "stderr"): () => Uint8Array {
  const chunks: Buffer[] = [];
  let size = 0;
  child[name]?.on("data", (chunk: Buffer) => {
    size += chunk.length;
    if (size > maxOutput) child.kill("SIGKILL");
    else chunks.push(chunk);
  });
  return () => new Uint8Array(Buffer.concat(chunks));
}

/** What gpg has said first is why; what follows is what became of it. */
function reasonIn(stderr: string, code: number | null): string {
  const lines = stderr.split("\n").map((line) => line.trim().replace(/^gpg: /, ""));
  const said = lines.find((line) => line !== "" && !/^(?:WARNING|Note|using )/.test(line));
  return said ?? `gpg ended with ${code === null ? "a signal" : code} and said nothing`;
}

function unusable(signer: string, error: Error) {
  return failed(signer, errnoOf(error) === "ENOENT" ? "there is no program gpg" : messageOf(error));
}

function failed(signer: string, reason: string) {
  const name = printable(signer);
  return cliError("GPG", `cannot sign as ${name}: ${printable(reason).slice(0, 500)}`, {
    hint: `see whether this works: echo | gpg --local-user ${name} --sign >/dev/null`,
  });
}
