import type { dockerApi } from "../../../specs/index.ts";

/** What a fake container's process can use. */
export type FakeProcess = {
  readonly args: readonly string[];
  readonly stdin: AsyncIterable<Uint8Array>;
  /** Resolved with the name of the first signal, without SIG. */
  readonly signaled: Promise<string>;
  write(text: string, stream?: dockerApi.OutputStream): void;
  /** What the terminal was last resized to, as `HEIGHTxWIDTH`. */
  terminalSize(): string;
};

/** Runs to an exit code. */
export type FakeProgram = (process: FakeProcess) => Promise<number>;

const signalNumbers: Readonly<Record<string, number>> = {
  HUP: 1,
  INT: 2,
  QUIT: 3,
  KILL: 9,
  TERM: 15,
  WINCH: 28,
};

async function endedBy(signaled: Promise<string>): Promise<number> {
  return 128 + (signalNumbers[await signaled] ?? 15);
}

/** The programs that every fake image has. Anything else cannot be found. */
export const fakePrograms: Readonly<Record<string, FakeProgram>> = {
  echo: async ({ args, write }) => {
    write(`${args.join(" ")}\n`);
    return 0;
  },
  /** Complains on stderr. */
  complain: async ({ args, write }) => {
    write(`${args.join(" ")}\n`, "stderr");
    return 1;
  },
  exit: async ({ args }) => Number(args[0] ?? 0),
  cat: ({ stdin, write, signaled }) => {
    const copy = async () => {
      for await (const data of stdin) write(Buffer.from(data).toString());
      return 0;
    };
    return Promise.race([copy(), endedBy(signaled)]);
  },
  sleep: ({ signaled }) => endedBy(signaled),
  /** Answers each piece of input with the size of its terminal, until it is a q. Ignores signals. */
  size: async ({ stdin, write, terminalSize }) => {
    for await (const data of stdin) {
      if (Buffer.from(data).includes("q")) break;
      write(terminalSize());
    }
    return 0;
  },
  /** Writes so many bytes. */
  yes: async ({ args, write }) => {
    let left = Number(args[0] ?? 0);
    for (; left > 0; left -= 65_536) write("y".repeat(Math.min(left, 65_536)));
    return 0;
  },
};
