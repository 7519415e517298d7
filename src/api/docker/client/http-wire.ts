import { Agent, type ClientRequest, request as httpRequest, type IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { drained } from "../../../base/index.ts";
import * as dockerApi from "../../../specs/docker-api/index.ts";
import { errorOfAnswer } from "./answer-error.ts";
import { type ApiResponse, httpResponse } from "./api-response.ts";
import { translateFailure } from "./errors.ts";
import { type ApiRequest, destroyOnAbort, type Hijacked, targetOf, type Wire } from "./wire.ts";

/** Where HTTP goes: a unix socket, or whatever connections can be made to. */
export type HttpPlace =
  | { readonly socket: string }
  | {
      /** For errors. */
      readonly place: string;
      /** A new connection; what it rejects with is the failure of the call. */
      dial(): Promise<Duplex>;
    };

/** HTTP to an engine. */
export function httpWire(to: HttpPlace): Wire {
  const agent = new Agent({ keepAlive: true });
  if ("dial" in to) useDial(agent, to.dial);
  const place = "dial" in to ? to.place : to.socket;
  const open = (request: ApiRequest, headers: Record<string, string> = {}): ClientRequest =>
    httpRequest({
      ...("dial" in to ? {} : { socketPath: to.socket }),
      agent,
      method: request.method,
      path: targetOf(request),
      headers: { Host: "tug", ...contentHeaders(request), ...request.headers, ...headers },
      ...(request.signal === undefined ? {} : { signal: request.signal }),
    });
  return {
    async exchange(request) {
      const outgoing = open(request);
      const response = httpResponse(await exchange(outgoing, request), request.signal);
      // Whatever is left to upload is not wanted.
      if (response.status >= 300 && request.upload !== undefined) return refused(outgoing, response);
      return response;
    },
    hijack: (request) => hijack(open(request, { Connection: "Upgrade", Upgrade: "tcp" }), request, place),
    close: () => agent.destroy(),
  };
}

/** What the agent does with a connection that waits for its next request; not all connections are sockets that know it. */
const rests = { setKeepAlive() {}, ref() {}, unref() {}, setTimeout() {} };

function useDial(agent: Agent, dial: () => Promise<Duplex>): void {
  agent.createConnection = (_options, done) => {
    dial().then(
      (stream) => done?.(null, "setKeepAlive" in stream ? stream : Object.assign(stream, rests)),
      // Without a connection there is none to hand over, which the declared type does not say.
      (error: Error) => (done as ((error: Error) => void) | undefined)?.(error),
    );
    return undefined;
  };
}

/** An answer that came before the upload was over: reads it, and drops the connection. */
async function refused(outgoing: ClientRequest, response: ApiResponse): Promise<ApiResponse> {
  const text = await response.text();
  outgoing.destroy();
  return { ...response, text: async () => text };
}

async function hijack(outgoing: ClientRequest, request: ApiRequest, place: string): Promise<Hijacked> {
  const upgraded = new Promise<Hijacked>((resolve) => {
    outgoing.once("upgrade", (response, socket, head) => {
      destroyOnAbort(socket, request.signal);
      const { headers } = response;
      const engine = headers[dockerApi.ENGINE_HEADER];
      resolve({ socket, head, type: headers["content-type"] ?? "", engine: engine?.toString() });
    });
  });
  const refused = exchange(outgoing, request).then(
    async (incoming) => {
      const response = httpResponse(incoming, request.signal);
      throw errorOfAnswer(response.status, await response.text());
    },
    (error) => {
      throw translateFailure(error, place);
    },
  );
  return Promise.race([upgraded, refused]);
}

/** Sends a request's body and resolves when the headers of the answer are there, which may be before the body's end. */
function exchange(outgoing: ClientRequest, request: ApiRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    outgoing.once("response", resolve);
    outgoing.on("error", reject);
    if (request.upload === undefined) {
      outgoing.end(request.json === undefined ? undefined : JSON.stringify(request.json));
    } else {
      upload(outgoing, request.upload).catch((error) => {
        // What broke the source is what the caller must hear of.
        reject(error);
        outgoing.destroy();
      });
    }
  });
}

async function upload(outgoing: ClientRequest, source: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const chunk of source) {
    if (outgoing.destroyed) return;
    if (!outgoing.write(chunk)) await drained(outgoing);
  }
  outgoing.end();
}

function contentHeaders(request: ApiRequest): Record<string, string> {
  if (request.json !== undefined) return { "Content-Type": "application/json" };
  if (request.upload !== undefined) return { "Content-Type": dockerApi.mediaTypes.tar };
  return request.method === "POST" ? { "Content-Length": "0" } : {};
}
