import type { AttachedStreams } from "../../api/docker/client/index.ts";
import { drained } from "../../base/index.ts";
import { dockerApi } from "../../specs/index.ts";
import type { CliContext } from "../context.ts";

export type SessionOptions = {
  /** Pass the caller's input on. */
  readonly stdin: boolean;
  /** The container has a terminal: keys pass as they are typed, and some of them detach. */
  readonly tty: boolean;
  readonly detachKeys: string;
};

/** A local end of an attachment. */
export type Session = {
  /** Resolves when the output has ended and been written, or the detach keys were typed, or nobody reads our output. */
  readonly done: Promise<"ended" | "detached" | "unread">;
  /** Gives the terminal back and lets go of the attachment. May be called twice. */
  close(): void;
};

/** Connects the caller's streams and terminal to an attachment. */
export function startSession(
  context: CliContext,
  streams: AttachedStreams,
  options: SessionOptions,
): Session {
  const keys = options.tty ? dockerApi.parseDetachKeys(options.detachKeys) : undefined;
  const raw = options.stdin && options.tty && context.terminal.stdin;
  if (raw) context.terminal.setRawMode(true);
  const input = options.stdin ? passInput(context, streams, keys) : noInput(streams);
  const done = Promise.race([passOutput(context, streams), input.detached]);
  // A session that is closed before it has begun is not waited for.
  done.catch(() => undefined);
  return {
    done,
    close() {
      input.stop();
      if (raw) context.terminal.setRawMode(false);
      streams.close();
    },
  };
}

async function passOutput(context: CliContext, streams: AttachedStreams): Promise<"ended" | "unread"> {
  for await (const { stream, data } of streams.output) {
    const target = stream === "stderr" ? context.stderr : context.stdout;
    if (target.destroyed || target.errored) return "unread";
    if (!target.write(data)) await drained(target);
  }
  return "ended";
}

/** A container without our input is told at once that none will come. */
function noInput(streams: AttachedStreams) {
  streams.closeWrite();
  return { detached: new Promise<never>(() => {}), stop: () => {} };
}

function passInput(context: CliContext, streams: AttachedStreams, keys: Uint8Array | undefined) {
  const { stdin } = context;
  const detached = Promise.withResolvers<"detached">();
  const detect = keys === undefined ? undefined : dockerApi.createDetachDetector(keys);

  const take = (bytes: Buffer): void => {
    const found = detect?.(bytes) ?? { pass: bytes, detached: false };
    if (found.pass.length > 0 && !streams.stdin.write(found.pass)) {
      stdin.pause();
      void drained(streams.stdin).then(() => stdin.resume());
    }
    if (found.detached) detached.resolve("detached");
  };
  const end = (): void => streams.closeWrite();
  // Input that cannot be read is input that has ended.
  stdin.on("data", take).once("end", end).once("error", end);
  return {
    detached: detached.promise,
    stop() {
      stdin.off("data", take).off("end", end).off("error", end);
      stdin.pause();
    },
  };
}
