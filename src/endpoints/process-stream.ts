import type { ChildProcessWithoutNullStreams } from "node:child_process";
import { Duplex } from "node:stream";
import { drained } from "../base/index.ts";

/** How a process ended: its exit code, null for a signal, and the end of what it wrote to standard error. */
export type ProcessEnd = { readonly code: number | null; readonly stderr: string };

/** So much of standard error is kept. */
const STDERR_TAIL = 4096;

/** How long what a process wrote last may take to arrive, in milliseconds. */
const LATE = 500;

/**
 * The standard streams of a process as a connection: each half closes by itself, and the other side's end is told once the
 * process has ended. Destroying it ends the process.
 *
 * @param failure tells what the reader gets in the place of the end; undefined for an ordinary end
 */
export function processStream(
  child: ChildProcessWithoutNullStreams,
  failure: (end: ProcessEnd & { readonly received: boolean }) => Error | undefined,
): Duplex {
  let received = false;
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr = (stderr + text).slice(-STDERR_TAIL);
  });
  for (const stream of [child.stdin, child.stdout, child.stderr]) stream.on("error", () => {});
  const stream = new Duplex({
    allowHalfOpen: true,
    read: () => void child.stdout.resume(),
    write(chunk, _encoding, done) {
      // What it does not read any more, its end tells.
      if (child.stdin.destroyed || child.stdin.write(chunk)) done();
      else void drained(child.stdin).then(() => done());
    },
    final(done) {
      child.stdin.end();
      done();
    },
    destroy(error, done) {
      child.kill();
      for (const pipe of [child.stdin, child.stdout, child.stderr]) pipe.destroy();
      done(error);
    },
  });
  child.stdout.on("data", (chunk: Buffer) => {
    received = true;
    if (!stream.push(chunk)) child.stdout.pause();
  });
  const outputEnded = new Promise<void>((resolve) => child.stdout.once("close", resolve));
  const errorsEnded = new Promise<void>((resolve) => child.stderr.once("close", resolve));
  child.once("error", (error) =>
    stream.destroy(failure({ code: null, stderr: error.message, received }) ?? error),
  );
  child.once("exit", async (code) => {
    await outputEnded;
    // A process of its own that it leaves may keep standard error open.
    if (code !== 0) await Promise.race([errorsEnded, new Promise((late) => setTimeout(late, LATE).unref())]);
    const error = failure({ code, stderr, received });
    if (error !== undefined) stream.destroy(error);
    else stream.push(null);
  });
  return stream;
}
