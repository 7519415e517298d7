import { Readable, Writable } from "node:stream";
import type { FrontConnection } from "./connection.ts";
import { runTug, type TugSessionOptions } from "./tug-session.ts";

/** Runs a command of `tug` whose output nobody sees; its exit code. */
export function rehearse(argv: readonly string[], options: TugSessionOptions): Promise<number> {
  const none = { stdin: false, stdout: false, stderr: false };
  const request = {
    pid: process.pid,
    cwd: "/",
    umask: 0o022,
    terminals: none,
    size: undefined,
    env: {},
    config: undefined,
  };
  return runTug({ ...request, program: "tug", argv }, nobody(), options);
}

/** A front that reads everything, and says nothing. */
function nobody(): FrontConnection {
  const sink = () => new Writable({ write: (_bytes, _encoding, done) => done() });
  return {
    stdin: Readable.from([]),
    stdout: sink(),
    stderr: sink(),
    setRawMode: () => {},
    onResize: () => () => {},
    onSignal: () => () => {},
    onAnswer: () => () => {},
    sendPlan: () => {},
    admitted: Promise.resolve(),
    exit: async () => {},
    gone: new AbortController().signal,
  };
}
