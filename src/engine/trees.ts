import type { Duplex } from "node:stream";
import { removeTree } from "../base/index.ts";
import type { Helper } from "../helper/index.ts";
import { type Op, type Plan, packFlags, type Slot } from "../plan/index.ts";

const directory = 0 as Slot;
const records = 1 as Slot;

/** Reads and writes file trees with the helper; see the port of the same shape in images. */
export interface HelperTrees {
  unpack(path: string, records: AsyncIterable<Uint8Array>, signal?: AbortSignal): Promise<void>;
  pack(path: string, options: { path?: string }, signal?: AbortSignal): AsyncIterable<Uint8Array>;
  /** The tree without the files' content. */
  list(path: string, signal?: AbortSignal): AsyncIterable<Uint8Array>;
  /** The tree of a root that has to be mounted first. */
  packMount(mount: Op, options: { path?: string }, signal?: AbortSignal): AsyncIterable<Uint8Array>;
}

/** Trees by way of the helper's unpackTree and packTree. */
export function helperTrees(helper: Helper): HelperTrees {
  const pack = (source: Op, path: string, signal?: AbortSignal, flags = 0): AsyncIterable<Uint8Array> =>
    receiveRecords(helper, hostPlan([source, inheritOp, packOp(path, flags)]), signal);
  return {
    async unpack(path, source, signal) {
      const unpack: Op = { op: "unpackTree", from: "layer", directory, records };
      await sendRecords(helper, hostPlan([openOp(path), inheritOp, unpack]), { source, signal });
    },
    pack: (path, options, signal) => pack(openOp(path), options.path ?? "", signal),
    list: (path, signal) => pack(openOp(path), "", signal, packFlags.LISTING),
    packMount: (mount, options, signal) => pack(mount, options.path ?? "", signal),
  };
}

/** Removes trees, large ones with the helper: this process would need a task and memory for each of their files. */
export function helperRemoval(helper: Helper): (path: string) => Promise<void> {
  const large = (path: string) => helper.execute(hostPlan([{ op: "remove", from: "layer", path, tree: 1 }]));
  return (path) => removeTree(path, { large });
}

/** Executes a plan that reads records from its descriptor 3. A failure of the source is thrown as it is. */
export async function sendRecords(
  helper: Helper,
  plan: Plan,
  { source, signal }: { source: AsyncIterable<Uint8Array>; signal?: AbortSignal | undefined },
): Promise<void> {
  const execution = helper.start(plan, { descriptors: ["stream"], ...(signal && { signal }) });
  const [stream] = execution.streams;
  if (stream === undefined) return void (await execution.result);
  // A helper that failed says why; the broken pipe is only how we notice.
  const sent = sendPieces(source, stream);
  const [outcome, sending] = await Promise.allSettled([execution.result, sent]);
  const failure = sourceError(sending);
  if (outcome.status === "rejected") throw failure ?? outcome.reason;
  // A helper that succeeded has seen the end record, and may be gone before the source has ended.
  if (failure !== undefined) throw failure;
}

/** Takes a piece only when the one before has left: until then its memory is needed. */
async function sendPieces(source: AsyncIterable<Uint8Array>, stream: Duplex): Promise<void> {
  const send = async () => {
    for await (const piece of source) await written((done) => stream.write(piece, done));
    // A reader that has left with the end record has ended it already.
    if (!stream.writableEnded) await written((done) => stream.end(done));
  };
  const { promise: closed, reject } = Promise.withResolvers<never>();
  stream.once("close", () =>
    reject(Object.assign(new Error("closed"), { code: "ERR_STREAM_PREMATURE_CLOSE" })),
  );
  try {
    // Nobody waits for a source whose reader is gone.
    await Promise.race([send(), closed]);
  } finally {
    stream.destroy();
  }
}

function written(write: (done: (error?: Error | null) => void) => void): Promise<void> {
  return new Promise((resolve, reject) => write((error) => (error ? reject(error) : resolve())));
}

/** Executes a plan that writes records to its descriptor 3, and gives them on. */
export async function* receiveRecords(
  helper: Helper,
  plan: Plan,
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const execution = helper.start(plan, { descriptors: ["stream"], ...(signal && { signal }) });
  const [stream] = execution.streams;
  try {
    if (stream !== undefined) yield* stream as AsyncIterable<Uint8Array>;
    await execution.result;
  } finally {
    stream?.destroy();
  }
}

/** The failure of whoever made the records, if it is that: a broken pipe comes from the helper's own end. */
function sourceError(sending: PromiseSettledResult<void>): unknown {
  if (sending.status === "fulfilled") return undefined;
  const code = (sending.reason as { code?: unknown }).code;
  return /^(EPIPE|ECONNRESET|ECANCELED|ERR_STREAM_.*)$/.test(String(code)) ? undefined : sending.reason;
}

const inheritOp: Op = { op: "inherit", from: "records", fd: 3, out: records };

function openOp(path: string): Op {
  return { op: "openFile", from: "directory", path, flags: 0, out: directory };
}

function packOp(path: string, flags: number): Op {
  return { op: "packTree", from: "tree", directory, path, records, flags };
}

function hostPlan(host: Op[]): Plan {
  return { host, stage: [], init: [] };
}
