import { spawn } from "node:child_process";
import { messageOf } from "../../base/index.ts";
import { imageError } from "../errors.ts";
import type { Credentials } from "./credentials.ts";

export type HelperOptions = {
  /** The search path for the program; the environment's by default. */
  path?: string;
  signal?: AbortSignal | undefined;
};

const maxOutput = 1024 * 1024;
const timeout = 60_000;
/** What a helper prints when it has nothing for a registry. Source: docker-credential-helpers, credentials/error.go */
const nothingFound = "credentials not found in native keychain";

/**
 * Asks the program `docker-credential-NAME` for the credentials of a server.
 *
 * Source: https://github.com/docker/docker-credential-helpers/blob/v0.9.3/README.md#development
 * @throws IMAGE_CREDENTIALS
 */
export async function askCredentialHelper(
  name: string,
  server: string,
  options: HelperOptions = {},
): Promise<Credentials | undefined> {
  const program = `docker-credential-${name}`;
  if (!/^[A-Za-z0-9][A-Za-z0-9_.-]*$/.test(name)) throw failed(program, "its name is not allowed");
  const { output, code } = await runHelper(program, server, options);
  if (code !== 0) {
    if (output.trim() === nothingFound) return undefined;
    throw failed(
      program,
      output.trim().slice(0, 200).split("\n")[0] || `it ended with status ${code ?? "unknown"}`,
    );
  }
  return parseAnswer(output, program);
}

type Outcome = { output: string; code: number | null };

function runHelper(program: string, server: string, { path, signal }: HelperOptions): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, ["get"], {
      stdio: ["pipe", "pipe", "ignore"],
      ...(path !== undefined && { env: { ...process.env, PATH: path } }),
    });
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
    child.on("error", (error) => reject(failed(program, messageOf(error))));
    child.on("close", (code) => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", stop);
      if (signal?.aborted) reject(signal.reason);
      else resolve({ output: Buffer.concat(chunks).toString(), code });
    });
    // A helper may end without reading its input.
    child.stdin.on("error", () => {});
    child.stdin.end(server);
  });
}

function parseAnswer(output: string, program: string): Credentials | undefined {
  let answer: { Username?: unknown; Secret?: unknown };
  try {
    answer = Object(JSON.parse(output)) as typeof answer;
  } catch {
    throw failed(program, "its answer is not JSON");
  }
  const { Username: username, Secret: secret } = answer;
  if (typeof username !== "string" || typeof secret !== "string")
    throw failed(program, "its answer is incomplete");
  if (username === "" && secret === "") return undefined;
  return username === "<token>" ? { identityToken: secret } : { username, password: secret };
}

function failed(program: string, reason: string) {
  return imageError("CREDENTIALS", `cannot get credentials from ${program}: ${reason}`, {
    hint: "run the program by hand, or remove it from Docker's config.json",
  });
}
