import { type ChildProcess, type StdioOptions, spawn } from "node:child_process";
import { once } from "node:events";
import { join, resolve } from "node:path";
import type { Duplex, Readable, Writable } from "node:stream";
import { text } from "node:stream/consumers";
import { type Answer, type Failure, readAnswers } from "../../src/helper/answer.ts";
import { type Binding, encodePlan, type Op, type Plan, type Slot } from "../../src/plan/index.ts";

/** The program under test. `make check` builds one with sanitizers, which do the judging then, but not of leaks. */
export const helperPath = resolve(
  process.env.TUG_TEST_HELPER ?? join(import.meta.dirname, "../../dist/helper/tug-helper"),
);
const environment = process.env.TUG_TEST_HELPER ? { ASAN_OPTIONS: "detect_leaks=0" } : {};

/** An op without provenance, as tests write it. */
export type TestOp = Op extends infer O ? (O extends Op ? Omit<O, "from"> : never) : never;

/** Lists of a plan, as tests write them. */
export type TestPlan = {
  readonly host?: readonly TestOp[];
  readonly stage?: readonly TestOp[];
  readonly init?: readonly TestOp[];
};

export type RunOptions = {
  readonly bindings?: readonly Binding[];
  /** Standard input of the helper; without it, the null device. */
  readonly input?: string;
  /** What the helper finds at descriptor 3 and up. The channel comes after them. */
  readonly descriptors?: readonly number[];
  readonly cwd?: string;
  /** User and group that run the helper; without it, those of the test. */
  readonly user?: number;
  /** Another copy of the helper. */
  readonly program?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** False: processes that outlive the plan do not keep its output open; it is thrown away. */
  readonly output?: false;
  /** Called when init exists, before the plan is done. */
  readonly onCreated?: (pid: number) => void;
  /** Called with the helper's process as soon as it runs. */
  readonly onStarted?: (child: ChildProcess) => void;
};

/** All that the helper answered and what the processes of the plan printed. */
export type Outcome = {
  readonly answers: readonly Answer[];
  readonly failure: Failure | undefined;
  readonly pid: number | undefined;
  readonly data: ReadonlyMap<number, Buffer>;
  readonly digest: string | undefined;
  /** The digest of what was sent. */
  readonly sent: string;
  readonly waitStatus: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
};

/** Slots by number. */
export const slot = (number: number): Slot => number as Slot;

/** Executes a plan that no verifier has seen and collects everything until all of its processes have ended. */
export async function run(plan: TestPlan, options: RunOptions = {}): Promise<Outcome> {
  const { message, digest } = encodePlan(withProvenance(plan), options.bindings);
  const outcome = await exchange(message, options);
  return { ...outcome, sent: digest };
}

/** Sends bytes as they are. */
export async function exchange(
  message: Uint8Array,
  options: RunOptions = {},
): Promise<Omit<Outcome, "sent">> {
  const descriptors = options.descriptors ?? [];
  const channel = 3 + descriptors.length;
  const output = options.output === false ? "ignore" : "pipe";
  const child = spawn(options.program ?? helperPath, ["run", String(channel)], {
    stdio: [
      options.input === undefined ? "ignore" : "pipe",
      output,
      output,
      ...descriptors,
      "pipe",
    ] as StdioOptions,
    cwd: options.cwd,
    ...(options.user !== undefined && { uid: options.user, gid: options.user }),
    env: options.env ?? environment,
  });
  const closed = once(child, "close");
  options.onStarted?.(child);
  (child.stdio[0] as Writable | null)?.end(options.input);
  const printed = Promise.all(
    [1, 2].map(async (fd) => {
      const stream = child.stdio[fd] as Readable | null;
      return stream === null ? "" : await text(stream);
    }),
  );
  const socket = child.stdio[channel] as Duplex;
  socket.on("error", () => undefined);
  socket.write(message);
  const answers: Answer[] = [];
  for await (const answer of readAnswers(socket)) {
    answers.push(answer);
    if (answer.type === "created") options.onCreated?.(answer.pid);
  }
  const [stdout = "", stderr = ""] = await printed;
  await closed;
  return { ...summary(answers), answers, stdout, stderr };
}

/** The failure of a plan that had to fail. */
export async function failureOf(plan: TestPlan, options: RunOptions = {}): Promise<Failure> {
  const { failure } = await run(plan, options);
  if (failure === undefined) throw new Error("the plan did not fail");
  return failure;
}

/** Where tests write below their temporary directory. */
export function inside(directory: { readonly path: string }, ...names: string[]): string {
  return join(directory.path, ...names);
}

function withProvenance(plan: TestPlan): Plan {
  const list = (ops: readonly TestOp[] = []): readonly Op[] =>
    ops.map((op) => ({ ...op, from: "test" }) as Op);
  return { host: list(plan.host), stage: list(plan.stage), init: list(plan.init) };
}

function summary(answers: readonly Answer[]) {
  const data = new Map<number, Buffer>();
  let failure: Failure | undefined;
  let pid: number | undefined;
  let digest: string | undefined;
  let waitStatus: number | undefined;
  for (const answer of answers) {
    if (answer.type === "created") pid = answer.pid;
    if (answer.type === "data") data.set(answer.tag, answer.bytes);
    if (answer.type === "failed") failure = answer.failure;
    if (answer.type === "done") ({ digest, waitStatus } = answer);
  }
  return { data, failure, pid, digest, waitStatus };
}
