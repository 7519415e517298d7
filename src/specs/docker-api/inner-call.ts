import type { Duplex } from "node:stream";

/**
 * A request to a door of the caller's own process, and its answer: what they are over HTTP, with nothing printed and
 * parsed in between.
 */
export type InnerDoor = (call: InnerCall) => Promise<InnerAnswer>;

export type InnerCall = {
  readonly method: string;
  /** Path and query. */
  readonly target: string;
  /** By names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** JSON as text, or bytes as they come. */
  readonly body: string | AsyncIterable<Uint8Array>;
  readonly signal: AbortSignal | undefined;
};

/** What is known of an answer before its body. Headers have names in lower case. */
export type AnswerHead = { readonly status: number; readonly headers: Readonly<Record<string, string>> };

/** An answer; a connection is given where one asks for the connection itself, with the media type of what it carries. */
export type InnerAnswer =
  | ({ readonly kind: "text"; readonly text: string } & AnswerHead)
  | ({ readonly kind: "pieces"; readonly pieces: AsyncIterable<Uint8Array | string> } & AnswerHead)
  | { readonly kind: "connection"; readonly socket: Duplex; readonly type: string };
