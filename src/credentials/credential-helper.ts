import { spawn } from "node:child_process";
import { access, constants } from "node:fs/promises";
import { join } from "node:path";
import { messageOf } from "../base/index.ts";
import type { Credentials } from "./credentials.ts";
import { credentialsError } from "./errors.ts";

export type HelperOptions = {
  /** The environment of the program, its search path included; this process's by default. */
  env?: Readonly<Record<string, string | undefined>> | undefined;
  signal?: AbortSignal | undefined;
};

const maxOutput = 1024 * 1024;
const timeout = 60_000;
/** What a helper prints when it has nothing for a registry. Source: docker-credential-helpers, credentials/error.go */
const nothingFound = "credentials not found in native keychain";
/** The name under which an identity token is kept. */
const tokenUser = "<token>";

/**
 * Asks the program `docker-credential-NAME` for the credentials of a server.
 *
 * Source: https://github.com/docker/docker-credential-helpers/blob/v0.9.3/README.md#development
 * @throws CREDENTIALS_HELPER
 */
export async function getFromHelper(
  name: string,
  server: string,
  options: HelperOptions = {},
): Promise<Credentials | undefined> {
  const { output, code } = await runHelper(name, "get", { ...options, input: server });
  if (code === 0) return parseAnswer(output, programOf(name));
  if (output.trim() === nothingFound) return undefined;
  throw refused(name, "get", { output, code });
}

/** Has a helper keep credentials. @throws CREDENTIALS_HELPER */
export async function storeInHelper(
  name: string,
  { server, credentials }: { server: string; credentials: Credentials },
  options: HelperOptions = {},
): Promise<void> {
  if ("registryToken" in credentials) throw failed(name, "store", "it cannot keep a registry token");
  const [Username, Secret] =
    "identityToken" in credentials
      ? [tokenUser, credentials.identityToken]
      : [credentials.username, credentials.password];
  const input = JSON.stringify({ ServerURL: server, Username, Secret });
  const outcome = await runHelper(name, "store", { ...options, input });
  if (outcome.code !== 0) throw refused(name, "store", outcome);
}

/** Has a helper forget the credentials of a server; none is no failure. @throws CREDENTIALS_HELPER */
export async function eraseFromHelper(
  name: string,
  server: string,
  options: HelperOptions = {},
): Promise<void> {
  const outcome = await runHelper(name, "erase", { ...options, input: server });
  if (outcome.code !== 0 && outcome.output.trim() !== nothingFound) throw refused(name, "erase", outcome);
}

/** The helpers among these that are there to be run, in the same order. */
export async function findHelpers(
  names: readonly string[],
  env: Readonly<Record<string, string | undefined>> = process.env,
): Promise<string[]> {
  const directories = (env.PATH ?? "").split(":").filter((directory) => directory.startsWith("/"));
  const isThere = async (name: string): Promise<boolean> => {
    for (const directory of directories) {
      if (await isProgram(join(directory, programOf(name)))) return true;
    }
    return false;
  };
  const found = await Promise.all(names.map(isThere));
  return names.filter((_, index) => found[index]);
}

function isProgram(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}

/** The program behind a name in a file. */
export function programOf(name: string): string {
  return `docker-credential-${name}`;
}

type Verb = "get" | "store" | "erase";
type Outcome = { output: string; code: number | null };

function runHelper(
  name: string,
  verb: Verb,
  { env = process.env, signal, input }: HelperOptions & { input: string },
): Promise<Outcome> {
  if (!/^[A-Za-z0-9][A-Za-z0-9_.-]*$/.test(name)) throw failed(name, verb, "its name is not allowed");
  return new Promise((resolve, reject) => {
    const child = spawn(programOf(name), [verb], { stdio: ["pipe", "pipe", "ignore"], env });
    // Closing the pipe as well ends children of the helper that would keep it open.
    const stop = () => {
      child.kill("SIGKILL");
      child.stdout.destroy();
    };
    const timer = setTimeout(stop, timeout);
    signal?.addEventListener("abort", stop, { once: true });
    const chunks: Buffer[] = [];
    let size = 0;
    child.stdout.on("data", (chunk: Buffer) => {
      size += chunk.length;
      if (size > maxOutput) stop();
      else chunks.push(chunk);
    });
    child.on("error", (error) => reject(failed(name, verb, messageOf(error))));
    child.on("close", (code) => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", stop);
      if (signal?.aborted) reject(signal.reason);
      else resolve({ output: Buffer.concat(chunks).toString(), code });
    });
    // A helper may end without reading its input.
    child.stdin.on("error", () => {});
    child.stdin.end(input);
  });
}

function parseAnswer(output: string, program: string): Credentials | undefined {
  let answer: { Username?: unknown; Secret?: unknown };
  try {
    answer = Object(JSON.parse(output)) as typeof answer;
  } catch {
    throw unusable(program, "its answer is not JSON");
  }
  const { Username: username, Secret: secret } = answer;
  if (typeof username !== "string" || typeof secret !== "string")
    throw unusable(program, "its answer is incomplete");
  if (username === "" && secret === "") return undefined;
  return username === tokenUser ? { identityToken: secret } : { username, password: secret };
}

function refused(name: string, verb: Verb, { output, code }: Outcome) {
  const said = output.trim().slice(0, 200).split("\n")[0];
  return failed(name, verb, said || `it ended with status ${code ?? "unknown"}`);
}

function failed(name: string, verb: Verb, reason: string) {
  const doing = {
    get: "get credentials from",
    store: "keep credentials in",
    erase: "remove credentials from",
  };
  return credentialsError("HELPER", `cannot ${doing[verb]} ${programOf(name)}: ${reason}`, { hint });
}

function unusable(program: string, reason: string) {
  return credentialsError("HELPER", `cannot get credentials from ${program}: ${reason}`, { hint });
}

const hint = "run the program by hand, or remove it from Docker's config.json";
