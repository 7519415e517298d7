import { spawn } from "node:child_process";
import { symlink } from "node:fs/promises";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import type { TugInstance } from "./tug.ts";

/** `tug registry serve` in front of an engine. It ends with its scope. */
export type TugRegistry = AsyncDisposable & {
  /** What stands before the name in a reference. */
  readonly host: string;
  readonly url: string;
  /** Lines that it has printed. */
  log(): string;
  /** Ends it by a signal; its exit code. */
  stop(signal: NodeJS.Signals): Promise<number>;
};

const program = resolve(import.meta.dirname, "../../dist/helper/tug-helper");

/** Resolves when it listens. @param args e.g. `--read-only`; without `--listen` the port is free */
export async function serveTugRegistry(tug: TugInstance, args: readonly string[] = []): Promise<TugRegistry> {
  // The program is what its name says.
  const tugPath = join(tug.directory, "tug");
  await symlink(program, tugPath).catch(() => {});
  const listen = args.includes("--listen") ? [] : ["--listen", "127.0.0.1:0"];
  const words = ["--pdeathsig", "KILL", "--", tugPath, "registry", "serve", ...listen, ...args];
  const child = spawn("setpriv", words, { env: tug.env, stdio: ["ignore", "pipe", "pipe"] });
  const lines: string[] = [];
  const ended = new Promise<number>((done) =>
    child.once("close", (code, signal) => done(code ?? (signal === null ? 255 : 128))),
  );
  const listening = new Promise<string>((done, fail) => {
    const onLine = (line: string): void => {
      lines.push(line);
      const found = /^registry (\S+) listens at (\S+)$/.exec(line);
      if (found !== null) done(`${found[1]} ${found[2]}`);
    };
    createInterface(child.stdout).on("line", onLine);
    createInterface(child.stderr).on("line", onLine);
    void ended.then((code) => fail(new Error(`tug registry serve ended with ${code}: ${lines.join("\n")}`)));
  });
  const [host = "", url = ""] = (await listening).split(" ");
  const stop = async (signal: NodeJS.Signals): Promise<number> => {
    child.kill(signal);
    return await ended;
  };
  return {
    host,
    url,
    log: () => lines.join("\n"),
    stop,
    async [Symbol.asyncDispose]() {
      await stop("SIGTERM");
    },
  };
}
