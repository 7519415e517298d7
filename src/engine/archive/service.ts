import type { Mutex } from "../../base/index.ts";
import { publishContainer } from "../containers/events.ts";
import type { ContainerRecord } from "../containers/record.ts";
import { isRunning } from "../containers/stop.ts";
import type { EngineContext } from "../context.ts";
import type { PathDescription } from "../model/path-description.ts";
import { describePath } from "./look.ts";
import { readPath } from "./read.ts";
import { rootView } from "./root-view.ts";
import { type WriteOptions, writePath } from "./write.ts";

/** What an engine does with single files and directories of containers, running or not. */
export interface ContainerFiles {
  /** @throws ENGINE_PATH_NOT_FOUND */
  describe(reference: string, path: string): Promise<PathDescription>;
  /** The archive of a path, and what is at it. @throws ENGINE_PATH_NOT_FOUND */
  read(
    reference: string,
    path: string,
    signal: AbortSignal,
  ): Promise<{ description: PathDescription; archive: AsyncIterable<Uint8Array> }>;
  /** @throws ENGINE_PATH_NOT_FOUND, ENGINE_PATH, ENGINE_PATH_READ_ONLY */
  write(
    reference: string,
    options: WriteOptions,
    from: { readonly archive: AsyncIterable<Uint8Array>; readonly signal: AbortSignal },
  ): Promise<void>;
}

/**
 * The files of an engine's containers.
 *
 * @param mutexOf a container that does not run is kept from being started while its root is in use
 * @param settled fulfilled when nothing is being removed any more of a container's last run
 */
export function openContainerFiles(
  context: EngineContext,
  mutexOf: (id: string) => Mutex,
  settled: (id: string) => Promise<void>,
): ContainerFiles {
  const { store } = context;
  const still = async <T>(reference: string, work: (record: ContainerRecord) => Promise<T>): Promise<T> => {
    const record = store.find(reference);
    if (isRunning(record)) return work(record);
    return mutexOf(record.id).run(async () => {
      await settled(record.id);
      return work(store.find(record.id));
    });
  };
  const describe = (reference: string, path: string): Promise<PathDescription> =>
    still(reference, async (record) =>
      describePath(context, { record, view: await rootView(context, record), path }),
    );
  return {
    describe,
    async read(reference, path, signal) {
      const record = store.find(reference);
      const { id } = record;
      const description = await describe(id, path);
      publishContainer(context, record, "archive-path", { path });
      return { description, archive: archiveOf({ context, id, path, signal, mutex: mutexOf(id), settled }) };
    },
    write: (reference, options, { archive, signal }) =>
      still(reference, async (record) => {
        const view = await rootView(context, record);
        await writePath(context, { record, view, options, archive, signal });
        publishContainer(context, record, "extract-to-dir", { path: options.path });
      }),
  };
}

type Reading = {
  context: EngineContext;
  id: string;
  path: string;
  signal: AbortSignal;
  mutex: Mutex;
  settled: (id: string) => Promise<void>;
};

/** Takes hold of the container when somebody begins to read, and lets go of it at the end of that. */
async function* archiveOf({
  context,
  id,
  path,
  signal,
  mutex,
  settled,
}: Reading): AsyncGenerator<Uint8Array> {
  const running = isRunning(context.store.find(id));
  const letGo = running ? undefined : await holdOf(mutex);
  try {
    if (!running) await settled(id);
    const record = context.store.find(id);
    yield* readPath(context, { record, view: await rootView(context, record), path, signal });
  } finally {
    letGo?.();
  }
}

/** Waits for a mutex and keeps it until the returned function is called. */
function holdOf(mutex: Mutex): Promise<() => void> {
  return new Promise((resolve, reject) => {
    mutex.run(() => new Promise<void>((done) => resolve(() => done()))).catch(reject);
  });
}
