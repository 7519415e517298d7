import { createReadStream, createWriteStream } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { type IncomingMessage, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { errnoOf, messageOf } from "../../base/index.ts";
import { imageError } from "../errors.ts";
import { archiveFiles } from "./archive-files.ts";
import { readDockerArchive } from "./docker-archive-reader.ts";
import { archiveSink } from "./file-sink.ts";
import { writeDockerArchive } from "./file-writers.ts";
import type { ImageReader, ImageWriter } from "./open-image.ts";

/** Where Docker's daemon listens unless it is told otherwise. */
export const usualDaemon = "unix:///var/run/docker.sock";

/** The longest answer that is looked at, in bytes. */
const maxAnswer = 1024 * 1024;

/** An image of a Docker daemon, which gives it as an archive. */
export async function readDaemonImage(
  host: string,
  name: string,
  signal?: AbortSignal,
): Promise<ImageReader> {
  await using scope = new AsyncDisposableStack();
  const path = join(await temporaryDirectory(scope), "image.tar");
  const exchange = { host, method: "GET", path: `/images/${encodeURIComponent(name)}/get`, name, signal };
  const answer = await send(exchange);
  await pipeline(answer, createWriteStream(path, { flags: "wx", mode: 0o600 }), {
    ...(signal && { signal }),
  });
  const reader = scope.use(await readDockerArchive(await archiveFiles(path, signal), undefined));
  return withScope(reader, scope);
}

/** An image for a Docker daemon, which takes it as an archive. */
export async function writeDaemonImage(host: string, name: string): Promise<ImageWriter> {
  await using scope = new AsyncDisposableStack();
  const path = join(await temporaryDirectory(scope), "image.tar");
  const writer = scope.use(writeDockerArchive(await archiveSink(path), name));
  return withScope(
    {
      ...writer,
      async finish(sent, signal) {
        await writer.finish(sent, signal);
        const exchange = { host, method: "POST", path: "/images/load?quiet=1", name, signal };
        const answer = await send(exchange, path);
        const { error } = lastLine(await readText(answer));
        if (error !== undefined) throw failed(name, String(error));
      },
    },
    scope,
  );
}

function withScope<T extends object>(subject: T, scope: AsyncDisposableStack): T & AsyncDisposable {
  const kept = scope.move();
  return { ...subject, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

async function temporaryDirectory(scope: AsyncDisposableStack): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "tug-daemon-"));
  scope.defer(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

type Exchange = { host: string; method: string; path: string; name: string; signal: AbortSignal | undefined };

async function send(
  { host, method, path, name, signal }: Exchange,
  upload?: string,
): Promise<IncomingMessage> {
  const socketPath = /^unix:\/\/(\/.+)$/.exec(host)?.[1];
  if (socketPath === undefined) throw failed(name, `${host} is not the address of a unix socket`);
  const headers = upload === undefined ? {} : { "content-type": "application/x-tar" };
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    const outgoing = request({
      socketPath,
      method,
      path,
      headers: { host: "docker", ...headers },
      ...(signal && { signal }),
    });
    outgoing.on("response", resolve);
    outgoing.on("error", (error) =>
      reject(errnoOf(error) === undefined ? error : failed(name, messageOf(error))),
    );
    if (upload === undefined) outgoing.end();
    else createReadStream(upload).on("error", reject).pipe(outgoing);
  });
  if (answer.statusCode === 200) return answer;
  const { message = `it answered ${answer.statusCode}` } = lastLine(await readText(answer));
  throw failed(name, String(message));
}

async function readText(answer: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of answer) if (text.length < maxAnswer) text += chunk;
  return text;
}

function lastLine(text: string): { message?: unknown; error?: unknown } {
  try {
    return Object(JSON.parse(text.trim().split("\n").at(-1) ?? "")) as { message?: unknown; error?: unknown };
  } catch {
    return {};
  }
}

function failed(name: string, reason: string) {
  return imageError("DAEMON", `cannot use docker-daemon:${name}: ${reason}`, {
    hint: "check that Docker's daemon runs, and DOCKER_HOST",
  });
}
