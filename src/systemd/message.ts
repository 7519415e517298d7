import { marshal } from "./marshal.ts";
import type { DbusValue, Variant } from "./signature.ts";
import { unmarshal } from "./unmarshal.ts";

/** Source: https://dbus.freedesktop.org/doc/dbus-specification.html "Message Format" */
export const messageTypes = { CALL: 1, RETURN: 2, ERROR: 3, SIGNAL: 4 } as const;

/** Codes of header fields, and the types of their values. */
const fields = {
  path: [1, "o"],
  interface: [2, "s"],
  member: [3, "s"],
  errorName: [4, "s"],
  replySerial: [5, "u"],
  destination: [6, "s"],
  sender: [7, "s"],
  signature: [8, "g"],
} as const;

/** A message. Which of the header's fields it has depends on its type. */
export type Message = {
  readonly type: number;
  readonly serial: number;
  readonly path?: string;
  readonly interface?: string;
  readonly member?: string;
  readonly errorName?: string;
  readonly replySerial?: number;
  readonly destination?: string;
  readonly sender?: string;
  /** Of the body; absent: there is none. */
  readonly signature?: string;
  readonly body: readonly DbusValue[];
};

const LITTLE_ENDIAN = 0x6c;
const VERSION = 1;
const HEAD = "yyyyuua(yv)";
const FIXED = 16;

/** The largest message that is read; the specification allows 128 MiB. */
const LARGEST = 1 << 20;

export function encodeMessage(message: Message): Buffer {
  const body = marshal(message.signature ?? "", message.body);
  const entries = Object.entries(fields).flatMap(([name, [code, signature]]): DbusValue[] => {
    const value = message[name as keyof typeof fields];
    return value === undefined ? [] : [[code, { signature, value }]];
  });
  const values = [LITTLE_ENDIAN, message.type, 0, VERSION, body.length, message.serial, entries];
  const head = marshal(HEAD, values);
  return Buffer.concat([head, Buffer.alloc(padding(head.length)), body]);
}

/**
 * Takes the first message from what has come.
 *
 * @returns the message and how long it was; undefined where it is not all there yet
 * @throws RangeError for what is no message
 */
export function decodeMessage(bytes: Buffer): { message: Message; length: number } | undefined {
  if (bytes.length < FIXED) return undefined;
  if (bytes[0] !== LITTLE_ENDIAN || bytes[3] !== VERSION)
    throw new RangeError("no D-Bus message of version 1");
  const head = FIXED + bytes.readUInt32LE(12);
  const start = head + padding(head);
  const length = start + bytes.readUInt32LE(4);
  if (length > LARGEST) throw new RangeError(`a message of ${length} bytes`);
  if (bytes.length < length) return undefined;
  const [, type, , , , serial, entries] = unmarshal(HEAD, bytes.subarray(0, head));
  const found = headerFields(entries as readonly DbusValue[]);
  const body = unmarshal(found.signature ?? "", bytes.subarray(start, length));
  return { message: { ...found, type: type as number, serial: serial as number, body }, length };
}

function headerFields(entries: readonly DbusValue[]): Omit<Message, "type" | "serial" | "body"> {
  const found: Record<string, DbusValue> = {};
  for (const entry of entries) {
    const [code, variant] = entry as readonly [number, Variant];
    const known = Object.entries(fields).find(
      ([, [number, signature]]) => number === code && signature === variant.signature,
    );
    if (known !== undefined) found[known[0]] = variant.value;
  }
  return found;
}

function padding(length: number): number {
  return (8 - (length % 8)) % 8;
}
