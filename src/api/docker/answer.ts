import type { webSocket } from "../../specs/index.ts";
import type { Attachment } from "./routes/containers/port.ts";

/** What a handler wants to be sent. Handlers return data; answer-writer.ts and streams/ put it on the wire. */
export type Answer =
  | { readonly kind: "json"; readonly status: 200 | 201; readonly body: unknown }
  | { readonly kind: "empty"; readonly status: 200 | 201 | 204 }
  | { readonly kind: "text"; readonly text: string; readonly headers: Readonly<Record<string, string>> }
  | StreamAnswer
  | HijackAnswer
  | WebSocketAnswer;

/** Headers go out at once, then each piece as it comes. A failure in the middle cuts the connection. */
export type StreamAnswer = {
  readonly kind: "stream";
  readonly type: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly pieces: AsyncIterable<Uint8Array | string>;
};

/** What a connection needs to be a container's standard streams. */
export type AttachedStreams = {
  readonly attachment: Attachment;
  readonly stdin: boolean;
  /** Output goes out in frames that say of which stream it is. */
  readonly framed: boolean;
  /** Bytes that end the attachment; undefined where input is not watched. */
  readonly detachKeys: Uint8Array | undefined;
};

/** The connection itself becomes the container's standard streams. */
export type HijackAnswer = AttachedStreams & { readonly kind: "hijack"; readonly type: string };

/** The connection becomes a WebSocket whose messages are the container's standard streams. */
export type WebSocketAnswer = AttachedStreams & {
  readonly kind: "webSocket";
  readonly handshake: webSocket.Handshake;
  /** Output goes out as text and not as bytes. */
  readonly asText: boolean;
};

export const json = (body: unknown, status: 200 | 201 = 200): Answer => ({ kind: "json", status, body });

export const noContent: Answer = { kind: "empty", status: 204 };
