import { type IpAddress, ipBytes } from "../address/ip.ts";

/** Types of records that are known here. Source: https://www.rfc-editor.org/rfc/rfc1035#section-3.2.2, RFC 3596 */
export const recordTypes = { A: 1, PTR: 12, AAAA: 28 } as const;
export const responseCodes = { SUCCESS: 0, FORMAT: 1, SERVER_FAILURE: 2, NO_NAME: 3 } as const;

const HEAD = 12;
const INTERNET = 1;
/** Containers come and go: nobody shall remember an address for long. Seconds. */
const LIFE = 10;
const RESPONSE = 0x8000;
const RECURSION_DESIRED = 0x0100;
const RECURSION_AVAILABLE = 0x0080;
const OPCODE = 0x7800;
/** A pointer to the name of the question, which stands first. */
const QUESTION_NAME = 0xc000 | HEAD;

/** A question of a resolver. */
export type DnsQuery = {
  readonly id: number;
  /** In lower case, without the dot at its end. */
  readonly name: string;
  readonly type: number;
  readonly recursion: boolean;
  /** The question as it was sent; answers repeat it. */
  readonly question: Buffer;
};

/** Data of a record: an address, or for PTR a name. */
export type DnsData = IpAddress | string;

/**
 * Reads a query with one question of class IN.
 *
 * Source: https://www.rfc-editor.org/rfc/rfc1035#section-4
 *
 * @returns undefined for anything else: it is not answered here
 */
export function parseQuery(message: Buffer): DnsQuery | undefined {
  if (message.length < HEAD) return undefined;
  const flags = message.readUInt16BE(2);
  if ((flags & (RESPONSE | OPCODE)) !== 0 || message.readUInt16BE(4) !== 1) return undefined;
  const name = readName(message, HEAD);
  if (name === undefined || name.end + 4 > message.length) return undefined;
  if (message.readUInt16BE(name.end + 2) !== INTERNET) return undefined;
  return {
    id: message.readUInt16BE(0),
    name: name.text.toLowerCase(),
    type: message.readUInt16BE(name.end),
    recursion: (flags & RECURSION_DESIRED) !== 0,
    question: message.subarray(HEAD, name.end + 4),
  };
}

/** An answer with records of the type that was asked for. */
export function answerQuery(query: DnsQuery, data: readonly DnsData[], code: number): Buffer {
  const head = Buffer.alloc(HEAD);
  head.writeUInt16BE(query.id, 0);
  head.writeUInt16BE(RESPONSE | RECURSION_AVAILABLE | (query.recursion ? RECURSION_DESIRED : 0) | code, 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt16BE(data.length, 6);
  return Buffer.concat([head, query.question, ...data.map((one) => record(query.type, one))]);
}

/** An answer that says that something went wrong, to a message of which only the head is known. */
export function refuse(message: Buffer, code: number): Buffer | undefined {
  if (message.length < HEAD || (message.readUInt16BE(2) & RESPONSE) !== 0) return undefined;
  const head = Buffer.alloc(HEAD);
  head.writeUInt16BE(message.readUInt16BE(0), 0);
  head.writeUInt16BE(RESPONSE | code, 2);
  return head;
}

/** The address in a name below in-addr.arpa or ip6.arpa, in the form of `formatIp`'s input; undefined for other names. */
export function reverseAddress(name: string): string | undefined {
  const v4 = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.in-addr\.arpa$/.exec(name);
  if (v4 !== null) return v4.slice(1).reverse().join(".");
  const v6 = /^((?:[0-9a-f]\.){32})ip6\.arpa$/.exec(name)?.[1];
  if (v6 === undefined) return undefined;
  const digits = v6.split(".").reverse().join("");
  return (digits.match(/.{4}/g) ?? []).join(":");
}

/** A name is labels with their length before them. Names in questions are never abbreviated. */
function readName(message: Buffer, start: number): { text: string; end: number } | undefined {
  const labels: string[] = [];
  let offset = start;
  for (let length = message[offset]; length !== 0; length = message[offset]) {
    if (length === undefined || length > 63 || offset - start > 255) return undefined;
    labels.push(message.toString("latin1", offset + 1, offset + 1 + length));
    offset += 1 + length;
  }
  return { text: labels.join("."), end: offset + 1 };
}

function record(type: number, data: DnsData): Buffer {
  const value = typeof data === "string" ? encodeName(data) : ipBytes(data);
  const head = Buffer.alloc(12);
  head.writeUInt16BE(QUESTION_NAME, 0);
  head.writeUInt16BE(type, 2);
  head.writeUInt16BE(INTERNET, 4);
  head.writeUInt32BE(LIFE, 6);
  head.writeUInt16BE(value.length, 10);
  return Buffer.concat([head, value]);
}

function encodeName(name: string): Buffer {
  const labels = name.split(".").map((label) => Buffer.from(label, "latin1").subarray(0, 63));
  return Buffer.concat([...labels.flatMap((label) => [Buffer.of(label.length), label]), Buffer.of(0)]);
}
