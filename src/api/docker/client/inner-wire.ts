import type { InnerAnswer, InnerDoor } from "../../../specs/docker-api/index.ts";
import { errorOfAnswer } from "./answer-error.ts";
import { type ApiResponse, pieceResponse, textResponse } from "./api-response.ts";
import { canceled } from "./errors.ts";
import { type ApiRequest, destroyOnAbort, targetOf, type Wire } from "./wire.ts";

/** Calls to a door of this process. */
export function innerWire(door: InnerDoor): Wire {
  const ask = async (request: ApiRequest): Promise<InnerAnswer> => {
    const { method, headers = {}, json, upload, signal } = request;
    const source = upload && watchSource(upload);
    const asked = door({
      method,
      target: targetOf(request),
      headers: Object.fromEntries(
        Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]),
      ),
      body: source?.bytes ?? (json === undefined ? "" : JSON.stringify(json)),
      signal,
    });
    try {
      const answer = await (signal === undefined ? asked : unlessAborted(asked, signal));
      if (isRefusal(answer)) source?.leave();
      const failure = source?.failure();
      if (failure === undefined) return answer;
      // What broke the source is what the caller must hear of, not what the door makes of it.
      abandon(answer);
      throw failure.error;
    } catch (error) {
      source?.leave();
      throw error;
    }
  };
  return {
    async exchange(request) {
      return responseOf(await ask(request), request);
    },
    async hijack(request) {
      const answer = await ask(request);
      if (answer.kind !== "connection") {
        const response = responseOf(answer, request);
        throw errorOfAnswer(response.status, await response.text());
      }
      const { socket, type } = answer;
      destroyOnAbort(socket, request.signal);
      return { socket, type, head: Buffer.alloc(0) };
    },
    close: () => undefined,
  };
}

/** The bytes of a source, how it broke, if it did, and a way to be done with it. */
function watchSource(upload: AsyncIterable<Uint8Array>) {
  const iterator = upload[Symbol.asyncIterator]();
  let failure: { readonly error: unknown } | undefined;
  let isBegun = false;
  const next = async (): Promise<IteratorResult<Uint8Array>> => {
    isBegun = true;
    try {
      return await iterator.next();
    } catch (error) {
      failure = { error };
      throw error;
    }
  };
  const leave = async (): Promise<IteratorResult<Uint8Array>> => {
    // A file that nobody has begun to read would stay open.
    if (!isBegun) await next();
    await iterator.return?.();
    return { done: true, value: undefined };
  };
  return {
    bytes: { [Symbol.asyncIterator]: () => ({ next, return: leave }) },
    failure: () => failure,
    leave: () => void leave().catch(() => undefined),
  };
}

/** Rejects as soon as the signal is aborted. An answer that comes after that is not wanted. */
async function unlessAborted(asked: Promise<InnerAnswer>, signal: AbortSignal): Promise<InnerAnswer> {
  const aborted = Promise.withResolvers<never>();
  const abort = () => aborted.reject(canceled(signal.reason));
  signal.addEventListener("abort", abort, { once: true });
  if (signal.aborted) abort();
  try {
    return await Promise.race([asked, aborted.promise]);
  } catch (error) {
    asked.then(abandon, () => undefined);
    throw error;
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

function abandon(answer: InnerAnswer): void {
  if (answer.kind === "connection") answer.socket.destroy();
  else if (answer.kind === "pieces") void answer.pieces[Symbol.asyncIterator]().return?.();
}

function isRefusal(answer: InnerAnswer): boolean {
  return answer.kind === "text" && answer.status >= 300;
}

function responseOf(answer: InnerAnswer, { signal }: ApiRequest): ApiResponse {
  switch (answer.kind) {
    case "text":
      return textResponse(answer);
    case "pieces":
      return pieceResponse(answer, signal);
    case "connection":
      throw new Error("a connection was handed over that nobody had asked for");
  }
}
