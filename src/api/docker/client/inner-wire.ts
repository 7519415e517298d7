import type { InnerAnswer, InnerDoor } from "../../../specs/docker-api/index.ts";
import { errorOfAnswer } from "./answer-error.ts";
import { type ApiResponse, pieceResponse, textResponse } from "./api-response.ts";
import { canceled } from "./errors.ts";
import { type ApiRequest, destroyOnAbort, targetOf, type Wire } from "./wire.ts";

/** Calls to a door of this process. */
export function innerWire(door: InnerDoor): Wire {
  const ask = async (request: ApiRequest): Promise<InnerAnswer> => {
    const { method, headers = {}, json, upload, signal } = request;
    const asked = door({
      method,
      target: targetOf(request),
      headers: Object.fromEntries(
        Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]),
      ),
      body: upload ?? (json === undefined ? "" : JSON.stringify(json)),
      signal,
    });
    return signal === undefined ? asked : unlessAborted(asked, signal);
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
