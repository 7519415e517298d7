import { frontError, type Message } from "./message.ts";

/** A command line as front got it. */
export type FrontRequest = {
  readonly program: "tug" | "tug-oci";
  /** Of front: whose control groups and capabilities are meant by relative names. */
  readonly pid: number;
  readonly cwd: string;
  readonly umask: number;
  /** Which standard streams are terminals. */
  readonly terminals: { readonly stdin: boolean; readonly stdout: boolean; readonly stderr: boolean };
  readonly size: TerminalSize | undefined;
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** The configuration that the command seems to be about. */
  readonly config: SentFile | undefined;
};

/** A file as front has read it; its path may be relative to the working directory. */
export type SentFile = { readonly path: string; readonly content: Buffer };

export type TerminalSize = { readonly height: number; readonly width: number };

/** More words than any command line has; execve(2) itself allows about as many. */
const MOST_WORDS = 1 << 20;

/** Reads a request: docs/front-protocol.md, "Messages of front". @throws FRONT_PROTOCOL */
export function parseRequest({ content }: Message): FrontRequest {
  let at = 0;
  /** Where a value of so many bytes begins. */
  const take = (count: number): number => {
    if (at + count > content.length)
      throw frontError("PROTOCOL", "cannot read the request of front: it is too short");
    at += count;
    return at - count;
  };
  const u8 = (): number => content.readUInt8(take(1));
  const u16 = (): number => content.readUInt16LE(take(2));
  const u32 = (): number => content.readUInt32LE(take(4));
  const text = (): string => {
    const length = u32();
    const start = take(length);
    return content.toString("utf8", start, start + length);
  };
  const texts = (): string[] => {
    const count = u32();
    if (count > MOST_WORDS)
      throw frontError("PROTOCOL", `cannot read the request of front: ${count} words are too many`);
    return Array.from({ length: count }, text);
  };
  const sentFile = (): SentFile | undefined => {
    const path = text();
    const length = u32();
    const start = take(length);
    return path === "" ? undefined : { path, content: content.subarray(start, start + length) };
  };
  const program = u8() === 2 ? "tug-oci" : "tug";
  const pid = u32();
  const cwd = text();
  const umask = u32();
  const bits = u8();
  const [height, width] = [u16(), u16()];
  return {
    program,
    pid,
    cwd,
    umask,
    terminals: { stdin: (bits & 1) !== 0, stdout: (bits & 2) !== 0, stderr: (bits & 4) !== 0 },
    size: height > 0 && width > 0 ? { height, width } : undefined,
    argv: texts(),
    env: Object.fromEntries(texts().map(splitVariable)),
    config: sentFile(),
  };
}

/** Reads a change of the terminal's size. */
export function parseSize({ content }: Message): TerminalSize {
  if (content.length < 4)
    throw frontError("PROTOCOL", "cannot read the size of the terminal: it is too short");
  return { height: content.readUInt16LE(0), width: content.readUInt16LE(2) };
}

function splitVariable(entry: string): [string, string] {
  const equals = entry.indexOf("=");
  return equals < 0 ? [entry, ""] : [entry.slice(0, equals), entry.slice(equals + 1)];
}
