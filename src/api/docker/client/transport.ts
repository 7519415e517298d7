import { TugError } from "../../../base/index.ts";
import { ENGINE_HEADER, type InnerDoor } from "../../../specs/docker-api/index.ts";
import { errorOfAnswer } from "./answer-error.ts";
import type { ApiResponse } from "./api-response.ts";
import { canceled, clientError, translateFailure } from "./errors.ts";
import { type HttpPlace, httpWire } from "./http-wire.ts";
import { innerWire } from "./inner-wire.ts";
import type { ApiRequest, Hijacked } from "./wire.ts";

export type { ApiRequest, Hijacked } from "./wire.ts";

/** Where an engine is: behind a unix socket or other connections, or in this process. */
export type EngineAddress = HttpPlace | { readonly door: InnerDoor };

/** Sends requests to one engine. */
export type Transport = {
  /**
   * Resolves with the answer once its headers are there. When nobody listens and somebody can be made to, or the engine
   * ends before it answers a request that may be repeated (every GET), the request is sent again.
   *
   * @throws the engine's failure for a status of 304 or above 399; CLIENT_UNREACHABLE and the like
   */
  send(request: ApiRequest): Promise<ApiResponse>;
  /** Resolves with the whole answer as JSON. */
  sendForJson<T>(request: ApiRequest): Promise<T>;
  /** Sends a request whose answer has nothing in it. */
  sendForNothing(request: ApiRequest): Promise<void>;
  /** Asks for the connection itself. */
  hijack(request: ApiRequest): Promise<Hijacked>;
  /** Whether the engine of that name answers; another one may by now. */
  isAnswering(engine: string, signal?: AbortSignal): Promise<boolean>;
  /** Ends idle connections. Requests under way go on. */
  close(): void;
};

export type TransportOptions = EngineAddress & {
  /** Called when nobody listens: makes an engine listen, or throws why there is none, or that it was aborted. */
  readonly revive?: ((signal?: AbortSignal) => Promise<void>) | undefined;
};

/** An engine that ends so many times under the same request ends because of it. */
const MOST_LOSSES = 10;

export function createTransport(address: TransportOptions): Transport {
  const { revive } = address;
  const wire = "door" in address ? innerWire(address.door) : httpWire(address);
  const place = "door" in address ? "" : "dial" in address ? address.place : address.socket;

  /** Does what needs an answering engine, again where that is harmless. */
  const insist = async <T>(request: ApiRequest, work: () => Promise<T>): Promise<T> => {
    for (let losses = 0; ; ) {
      try {
        return await work();
      } catch (error) {
        const failure = translateFailure(error, place);
        if (isLoss(failure, request)) losses += 1;
        else if (revive === undefined || !isUnreachable(failure)) throw failure;
        else await revive(request.signal);
        if (losses === MOST_LOSSES) throw failure;
        if (request.signal?.aborted) throw canceled(request.signal.reason);
      }
    }
  };
  const send = async (request: ApiRequest): Promise<ApiResponse> => {
    const response = await insist(request, () => wire.exchange(request));
    if (response.status < 300) return response;
    throw errorOfAnswer(response.status, await response.text());
  };
  return {
    send,
    async sendForJson<T>(request: ApiRequest) {
      const text = await (await send(request)).text();
      try {
        return JSON.parse(text) as T;
      } catch (cause) {
        throw clientError("ANSWER", `cannot read the engine's answer to ${request.path}: it is not JSON`, {
          cause,
        });
      }
    },
    async sendForNothing(request) {
      (await send(request)).discard();
    },
    hijack: (request) => insist(request, () => wire.hijack(request)),
    async isAnswering(engine, signal) {
      const answer = await send({ method: "HEAD", path: "/_ping", signal }).catch(() => undefined);
      answer?.discard();
      return answer?.header(ENGINE_HEADER) === engine;
    },
    close: () => wire.close(),
  };
}

/** Whether the connection broke before there was an answer, and the request does no harm when it is sent again. */
function isLoss(failure: unknown, { method, repeatable, upload }: ApiRequest): boolean {
  const harmless = repeatable ?? (method === "GET" || method === "HEAD");
  return harmless && upload === undefined && failure instanceof TugError && failure.code === "CLIENT_BROKEN";
}

function isUnreachable(failure: unknown): boolean {
  return failure instanceof TugError && failure.code === "CLIENT_UNREACHABLE";
}
