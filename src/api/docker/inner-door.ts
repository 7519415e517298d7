import { type Duplex, duplexPair } from "node:stream";
import { type Logger, messageOf } from "../../base/index.ts";
import type { dockerApi } from "../../specs/index.ts";
import type { Answer, HijackAnswer } from "./answer.ts";
import { doorError } from "./errors.ts";
import { levelOf } from "./failure-level.ts";
import { statusOf } from "./http-status.ts";
import type { RequestBody } from "./request-body.ts";
import type { DoorRequest } from "./route.ts";
import { serveHijack } from "./streams/hijack.ts";
import { errorBodyOf } from "./wording.ts";

export type InnerDoorOptions = {
  /** Answers what is asked at a path. */
  readonly answer: (method: string, target: string, request: InnerRequest) => Promise<Answer>;
  /** Of every answer. */
  readonly headers: Readonly<Record<string, string>>;
  /** Aborted when the door closes. */
  readonly stop: AbortSignal;
  readonly logger: Logger;
};

export type InnerRequest = Pick<DoorRequest, "headers" | "body" | "signal">;

/** Why a request is aborted whose answer nobody reads to the end: made once, an error costs more than a request. */
const LEFT = new DOMException("nobody waits for the answer", "AbortError");

/** The side of a door that is for this process. */
export function createInnerDoor(options: InnerDoorOptions): dockerApi.InnerDoor {
  const { stop, logger } = options;
  const headers = lowerCase(options.headers);
  return async ({ method, target, headers: sent, body, signal }) => {
    const gone = new AbortController();
    const all = signal === undefined ? [gone.signal, stop] : [gone.signal, stop, signal];
    const request = { headers: sent, body: innerBody(body), signal: AbortSignal.any(all) };
    try {
      const answer = await options.answer(method, target, request);
      return render(answer, { headers, gone, signal: request.signal, stop, logger });
    } catch (error) {
      const level = request.signal.aborted ? "debug" : levelOf(error);
      logger.log(level, "docker.request.failed", { method, url: target, reason: messageOf(error) });
      return jsonText({ status: statusOf(error), headers }, errorBodyOf(error));
    }
  };
}

function innerBody(body: string | AsyncIterable<Uint8Array>): RequestBody {
  if (typeof body !== "string") return { stream: body, json: async () => "{}" };
  return {
    stream: (async function* () {
      yield Buffer.from(body);
    })(),
    json: async () => body || "{}",
  };
}

type Rendering = Pick<InnerDoorOptions, "headers" | "stop" | "logger"> & {
  /** Aborted when the caller, or the door, wants no more. */
  readonly signal: AbortSignal;
  /** Aborted when nobody wants the rest of the answer. */
  readonly gone: AbortController;
};

function render(answer: Answer, rendering: Rendering): dockerApi.InnerAnswer {
  const { headers } = rendering;
  switch (answer.kind) {
    case "json":
      return jsonText({ status: answer.status, headers }, answer.body);
    case "empty":
      return { kind: "text", status: answer.status, headers, text: "" };
    case "text": {
      const named = { ...headers, "content-type": "text/plain; charset=utf-8", ...lowerCase(answer.headers) };
      return { kind: "text", status: 200, headers: named, text: answer.text };
    }
    case "stream": {
      const named = { ...headers, "content-type": answer.type, ...lowerCase(answer.headers ?? {}) };
      return { kind: "pieces", status: 200, headers: named, pieces: untilLeft(answer.pieces, rendering) };
    }
    case "webSocket":
      throw doorError("WEB_SOCKET", "cannot make a WebSocket inside a process");
    case "hijack":
      return { kind: "connection", type: answer.type, socket: connection(answer, rendering) };
  }
}

function jsonText(head: dockerApi.AnswerHead, body: unknown): dockerApi.InnerAnswer {
  const headers = { ...head.headers, "content-type": "application/json" };
  return { kind: "text", status: head.status, headers, text: JSON.stringify(body) };
}

/**
 * Pieces whose source is left when they are, also in the middle of making one, and when the signal is aborted: nobody may
 * be reading then.
 */
function untilLeft<T>(
  pieces: AsyncIterable<T>,
  { gone, signal }: Pick<Rendering, "gone" | "signal">,
): AsyncIterable<T> {
  return {
    [Symbol.asyncIterator]() {
      const iterator = pieces[Symbol.asyncIterator]();
      const leave = async (): Promise<void> => void (await iterator.return?.());
      signal.addEventListener("abort", () => void leave().catch(() => undefined), { once: true });
      return {
        next: () => iterator.next(),
        async return() {
          gone.abort(LEFT);
          await leave();
          return { done: true, value: undefined };
        },
      };
    },
  };
}

/** The client's end of a connection that is a container's streams. When one end goes, the other does. */
function connection(
  answer: HijackAnswer,
  { gone, stop, logger }: Pick<Rendering, "gone" | "stop" | "logger">,
): Duplex {
  const [near, far] = duplexPair();
  const leave = () => void far.destroy();
  stop.addEventListener("abort", leave, { once: true });
  near.once("close", leave);
  far.once("close", () => {
    stop.removeEventListener("abort", leave);
    near.destroy();
    gone.abort(LEFT);
  });
  serveHijack(far, Buffer.alloc(0), answer).catch((error: unknown) => {
    logger.log("debug", "docker.request.failed", { reason: messageOf(error) });
    far.destroy();
  });
  return near;
}

function lowerCase(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}
