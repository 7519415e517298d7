import { defineErrors } from "../base/index.ts";

/** Failures of the conversation with a command in C. */
export const frontError = defineErrors("FRONT", {
  PROTOCOL: { kind: "invalid", when: "a message of front cannot be understood" },
});

/** Version of docs/front-protocol.md. */
export const FRONT_VERSION = 1;

/** No message of front is longer; input comes in pieces. */
const LONGEST = 4 * 1024 * 1024;

/** One message: its type and content. */
export type Message = { readonly type: number; readonly content: Buffer };

/** Types of the engine's messages. */
export const toFront = {
  greeting: 1,
  accepted: 2,
  output: 3,
  terminal: 4,
  exit: 5,
  plan: 6,
  pass: 7,
  want: 8,
  last: 9,
} as const;

/** Types of front's messages. */
export const fromFront = {
  request: 1,
  input: 2,
  inputEnd: 3,
  signal: 4,
  size: 5,
  answer: 6,
  closed: 7,
  go: 8,
} as const;

/** The wire form of a message. */
export function encodeMessage(type: number, ...parts: readonly Uint8Array[]): Buffer {
  const size = parts.reduce((sum, part) => sum + part.length, 0);
  return Buffer.concat([encodeHead(type, size), ...parts]);
}

/** What stands before a content of that many bytes. */
export function encodeHead(type: number, size: number): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32LE(size + 1);
  head.writeUInt8(type, 4);
  return head;
}

/** Cuts a stream into messages: call it with each piece, get the messages that are complete. */
export function messageDecoder(): (chunk: Buffer) => Message[] {
  let pending: Buffer = Buffer.alloc(0);
  return (chunk) => {
    pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk]);
    const messages: Message[] = [];
    while (pending.length >= 4) {
      const length = pending.readUInt32LE();
      if (length === 0 || length > LONGEST) {
        throw frontError("PROTOCOL", `cannot read a message of front: it claims ${length} bytes`);
      }
      if (pending.length < 4 + length) break;
      messages.push({ type: pending.readUInt8(4), content: pending.subarray(5, 4 + length) });
      pending = pending.subarray(4 + length);
    }
    return messages;
  };
}

export function u8(value: number): Buffer {
  return Buffer.from([value]);
}

export function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value >>> 0);
  return bytes;
}

export function u64(value: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(value);
  return bytes;
}

/** A text: u32 length and bytes. */
export function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([u32(bytes.length), bytes]);
}
