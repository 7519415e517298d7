import { errnoOf, TugError } from "../../base/index.ts";
import type { Expected } from "../content/content-store.ts";
import type { HttpBody, HttpResponse } from "./http.ts";
import { statusFailure, transportFailure } from "./registry-error.ts";
import type { Rereadable } from "./repository.ts";
import { type Channel, type Requester, sendAuthorized } from "./requester.ts";
import { isTransientStatus, isTransportError, waitBefore } from "./retry.ts";
import { completion, readSession, type UploadSession } from "./upload-session.ts";

export type Upload = {
  readonly channel: Channel;
  readonly requester: Requester;
  /** Address of the repository, ending in a slash. */
  readonly base: URL;
  readonly blob: Required<Expected>;
  readonly read: Rereadable;
  /** Bytes of a piece, where the blob goes in pieces. */
  readonly chunkSize: number;
  readonly onSent: (bytes: number) => void;
  readonly signal: AbortSignal | undefined;
};

/** How far an upload is. */
type State = { session: UploadSession | undefined; inPieces: boolean };

/** So much progress earns a broken upload a new set of attempts, in bytes. */
const progress = 1024 * 1024;
/** How long the registry gets to forget an upload that failed, in milliseconds. */
const cancelTimeout = 2000;

/**
 * Sends a blob: in one piece; in pieces where the registry finds that too large, or where the connection broke and the
 * registry knows how much it has.
 * Source: https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pushing-blobs
 */
export async function upload(job: Upload): Promise<void> {
  const state: State = { session: undefined, inPieces: false };
  try {
    await attemptAll(job, state);
  } catch (error) {
    const isBroken = error instanceof TugError && errnoOf(error.cause) !== undefined;
    if (state.session !== undefined && !isBroken) await cancelUpload(job.channel, state.session);
    throw error;
  }
}

async function attemptAll(job: Upload, state: State): Promise<void> {
  const { channel, signal } = job;
  let safe = 0;
  for (let attempt = 1; ; attempt += 1) {
    let wait: number | undefined;
    try {
      const response = await sendRest(job, state);
      if ([200, 201, 202, 204].includes(response.status)) return void response.body.resume();
      wait = await judge(job, state, { response, attempt });
      response.body.destroy();
    } catch (error) {
      signal?.throwIfAborted();
      wait = waitBefore(attempt, { error });
      if (wait === undefined) throw transportFailure(channel.purpose, error);
    }
    if (wait > 0) await channel.delay(wait, signal);
    if (state.session !== undefined) state.session = await resume(job, state.session);
    const offset = state.session?.offset ?? 0;
    if (offset - safe >= progress) attempt = 0;
    safe = offset;
    job.onSent(safe);
  }
}

/** Sends what is missing, and gives the last answer: that of the completing PUT if all went well. */
async function sendRest(job: Upload, state: State): Promise<HttpResponse> {
  const { channel, blob, chunkSize } = job;
  const { digest, size } = blob;
  state.session ??= await begin(job);
  if (!state.inPieces && state.session.offset === 0) {
    return await send(job, "PUT", { url: completion(state.session, digest), offset: 0, length: size });
  }
  while (state.session.offset < size) {
    const { offset, leastChunk, url }: UploadSession = state.session;
    const length = Math.min(Math.max(chunkSize, leastChunk), size - offset);
    const response = await send(job, "PATCH", { url, offset, length });
    if (![201, 202, 204].includes(response.status)) return response;
    response.body.resume();
    const next = readSession(response, channel.purpose, { ...state.session, offset: offset + length });
    state.session = { ...next, offset: Math.min(Math.max(next.offset, offset), offset + length) };
  }
  return await send(job, "PUT", { url: completion(state.session, digest), offset: size, length: 0 });
}

/**
 * What a refusal means: how long to wait before going on in this or another way.
 * @throws the refusal as an error, where there is no other way
 */
async function judge(
  { channel }: Upload,
  state: State,
  { response, attempt }: { response: HttpResponse; attempt: number },
): Promise<number> {
  const { status } = response;
  if (status === 413 && !state.inPieces) {
    state.inPieces = true;
    return 0;
  }
  // 404 and 416: the registry has forgotten the upload, or has another part of it than we think.
  const isPassing = isTransientStatus(status) || status === 404 || status === 416;
  const retryAfter = response.header("retry-after");
  const now = channel.now();
  const wait = isPassing ? waitBefore(attempt, { retryAfter, now }) : undefined;
  if (wait === undefined) throw await statusFailure(channel.purpose, response, now);
  return wait;
}

type Piece = { url: URL; offset: number; length: number };

function send(job: Upload, method: "PATCH" | "PUT", piece: Piece): Promise<HttpResponse> {
  const { url, offset, length } = piece;
  const range = method === "PATCH" ? { "content-range": `${offset}-${offset + length - 1}` } : {};
  const headers = { "content-type": "application/octet-stream", ...range };
  return sendAuthorized(job.channel, { method, url, headers, body: bodyOf(job, piece), signal: job.signal });
}

function bodyOf({ read, onSent }: Upload, { offset, length }: Piece): HttpBody {
  return {
    length,
    async *read() {
      if (length === 0) return;
      let sent = 0;
      for await (const chunk of read(offset)) {
        const part = chunk.subarray(0, length - sent);
        yield part;
        sent += part.length;
        onSent(offset + sent);
        if (sent === length) return;
      }
    },
  };
}

function begin({ channel, requester, base, signal }: Upload): Promise<UploadSession> {
  const request = { method: "POST" as const, url: new URL("blobs/uploads/", base), accept: [202], signal };
  return requester(request, (response) => {
    response.body.resume();
    return { ...readSession(response, channel.purpose), offset: 0 };
  });
}

/** What the registry has of a broken upload; a new one where it does not say. */
async function resume(job: Upload, session: UploadSession): Promise<UploadSession> {
  const { channel, blob, signal } = job;
  try {
    const response = await sendAuthorized(channel, { method: "GET", url: session.url, signal });
    response.body.resume();
    const found =
      response.status === 204 && readSession(response, channel.purpose, { ...session, offset: 0 });
    if (found && found.offset > 0 && found.offset <= blob.size) return found;
  } catch (error) {
    signal?.throwIfAborted();
    if (!isTransportError(error)) throw error;
  }
  await cancelUpload(channel, session);
  return await begin(job);
}

/** Tells the registry to forget an upload. It forgets it by itself after some days, so nothing depends on this. */
export async function cancelUpload(channel: Channel, { url }: UploadSession): Promise<void> {
  try {
    const signal = AbortSignal.timeout(cancelTimeout);
    (await sendAuthorized(channel, { method: "DELETE", url, signal })).body.resume();
  } catch {
    // Whatever led here matters more.
  }
}
