import { TextDecoder } from "node:util";
import { closeCodes, LENGTH_16, LENGTH_64, MAX_CONTROL, opcodes } from "./frame.ts";

/** What a client has sent. */
export type WebSocketEvent =
  /** Payload of messages, piece by piece in the order it came. */
  | { readonly kind: "data"; readonly bytes: Buffer }
  | { readonly kind: "ping"; readonly payload: Buffer }
  | { readonly kind: "pong"; readonly payload: Buffer }
  /** The client sends nothing more. Without a code it gave none. */
  | { readonly kind: "close"; readonly code: number | undefined; readonly reason: string }
  /** The client broke the protocol: the connection is to be closed with this code. */
  | { readonly kind: "failure"; readonly code: number; readonly reason: string };

type Ending = Extract<WebSocketEvent, { kind: "close" | "failure" }>;
type Failure = Extract<WebSocketEvent, { kind: "failure" }>;

type Frame = {
  readonly opcode: number;
  readonly isFinal: boolean;
  readonly key: Buffer;
  /** How much of the payload has come. */
  done: number;
  readonly length: number;
};

const FINAL = 0x80;
const RESERVED = 0x70;
const OPCODE = 0x0f;
const MASKED = 0x80;
const LENGTH = 0x7f;
const CONTROL = 0x08;
const KEY = 4;

/**
 * A decoder of what a client sends. It gets the bytes as they come and keeps no more of them than the head of a frame and
 * the payload of one control frame. After a close or a failure it gives nothing any more.
 */
export function createDecoder(): (bytes: Uint8Array) => WebSocketEvent[] {
  let held: Buffer = Buffer.alloc(0);
  let frame: Frame | undefined;
  let control: Buffer[] = [];
  /** Of a message that goes on in further frames: checks its text; null where it is binary. */
  let message: TextDecoder | null | undefined;
  let over = false;

  /** Begins a frame. Returns undefined while its head has not come as a whole. */
  const begin = (): Frame | Failure | undefined => {
    const head = readHead(held);
    if (head === undefined || "kind" in head) return head;
    held = held.subarray(head.size);
    if (isControl(head.opcode)) return head;
    if ((head.opcode === opcodes.CONTINUATION) !== (message !== undefined)) {
      return failure("a frame continues no message, or comes before the end of one");
    }
    if (head.opcode !== opcodes.CONTINUATION) {
      message = head.opcode === opcodes.TEXT ? new TextDecoder("utf-8", { fatal: true }) : null;
    }
    return head;
  };
  /** Takes what has come of a frame's payload. */
  const take = (current: Frame): WebSocketEvent | undefined => {
    const bytes = unmask(current, held.subarray(0, current.length - current.done));
    held = held.subarray(bytes.length);
    current.done += bytes.length;
    const isWhole = current.done === current.length;
    if (isControl(current.opcode)) {
      control.push(bytes);
      if (!isWhole) return undefined;
      const payload = Buffer.concat(control);
      control = [];
      return readControl(current.opcode, payload);
    }
    const isEnd = isWhole && current.isFinal;
    if (message && !isText(message, bytes, isEnd)) {
      return failure("text is not UTF-8", closeCodes.INVALID_DATA);
    }
    if (isEnd) message = undefined;
    return bytes.length === 0 ? undefined : { kind: "data", bytes };
  };
  return (bytes) => {
    const events: WebSocketEvent[] = [];
    held = held.length === 0 ? asBuffer(bytes) : Buffer.concat([held, bytes]);
    while (!over) {
      const current = frame ?? begin();
      if (current === undefined) return events;
      const event = "kind" in current ? current : take(current);
      if (event !== undefined) events.push(event);
      over = event !== undefined && isEnding(event);
      frame = "kind" in current || current.done === current.length ? undefined : current;
      if (frame !== undefined && held.length === 0) return events;
    }
    held = Buffer.alloc(0);
    return events;
  };
}

/** The head of the frame that bytes begin with. Source: RFC 6455, section 5.2. */
function readHead(bytes: Buffer): (Frame & { readonly size: number }) | Failure | undefined {
  if (bytes.length < 2) return undefined;
  const [first = 0, second = 0] = bytes;
  const opcode = first & OPCODE;
  const isFinal = (first & FINAL) !== 0;
  const short = second & LENGTH;
  if ((first & RESERVED) !== 0) return failure("a reserved bit is set");
  if (!(Object.values(opcodes) as number[]).includes(opcode)) return failure(`opcode ${opcode} is reserved`);
  if ((second & MASKED) === 0) return failure("a frame of a client is not masked");
  if (isControl(opcode) && (!isFinal || short > MAX_CONTROL)) {
    return failure("a control frame is in pieces or too long");
  }
  const start = short === LENGTH_16 ? 4 : short === LENGTH_64 ? 10 : 2;
  const size = start + KEY;
  if (bytes.length < size) return undefined;
  const length = readLength(bytes, short);
  if (typeof length !== "number") return length;
  // A copy: what it is a part of is not kept for it.
  const key = Buffer.from(bytes.subarray(start, size));
  return { opcode, isFinal, key, done: 0, length, size };
}

function readLength(bytes: Buffer, short: number): number | Failure {
  if (short < LENGTH_16) return short;
  const length = short === LENGTH_16 ? BigInt(bytes.readUInt16BE(2)) : bytes.readBigUInt64BE(2);
  if (length <= (short === LENGTH_16 ? MAX_CONTROL : 0xffff)) {
    return failure("a length has more bytes than it needs");
  }
  if (length >> 63n !== 0n) return failure("a length has its highest bit set");
  if (length > Number.MAX_SAFE_INTEGER) return failure("a frame is too long", closeCodes.TOO_BIG);
  return Number(length);
}

function unmask({ key, done }: Frame, bytes: Buffer): Buffer {
  const plain = Buffer.allocUnsafe(bytes.length);
  for (let at = 0; at < bytes.length; at += 1) {
    plain[at] = (bytes[at] as number) ^ (key[(done + at) % KEY] as number);
  }
  return plain;
}

function readControl(opcode: number, payload: Buffer): WebSocketEvent {
  if (opcode === opcodes.PING) return { kind: "ping", payload };
  if (opcode === opcodes.PONG) return { kind: "pong", payload };
  return readClose(payload);
}

/** Source: RFC 6455, sections 5.5.1 and 7.4. */
function readClose(payload: Buffer): Ending {
  if (payload.length === 0) return { kind: "close", code: undefined, reason: "" };
  const code = payload.length === 1 ? 0 : payload.readUInt16BE();
  const isKnown = (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014);
  if (!isKnown && !(code >= 3000 && code <= 4999)) return failure("the code of a close may not be sent");
  const text = payload.subarray(2);
  if (!isText(new TextDecoder("utf-8", { fatal: true }), text, true)) {
    return failure("the reason of a close is not UTF-8", closeCodes.INVALID_DATA);
  }
  return { kind: "close", code, reason: text.toString("utf8") };
}

function isText(decoder: TextDecoder, bytes: Buffer, isEnd: boolean): boolean {
  try {
    decoder.decode(bytes, { stream: !isEnd });
    return true;
  } catch {
    return false;
  }
}

function isControl(opcode: number): boolean {
  return (opcode & CONTROL) !== 0;
}

function isEnding({ kind }: WebSocketEvent): boolean {
  return kind === "close" || kind === "failure";
}

function failure(reason: string, code: number = closeCodes.PROTOCOL_ERROR): Failure {
  return { kind: "failure", code, reason };
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
