import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { errnoOf, TugError } from "../../base/index.ts";
import type { Images } from "../../images/index.ts";
import { usesImage } from "../containers/image-mounts.ts";
import type { ContainerRecord } from "../containers/record.ts";
import type { Containers } from "../containers/service.ts";
import type { EngineContext } from "../context.ts";
import { HELLO } from "../images/hello.ts";
import { announceRemoval } from "../images/removal.ts";
import { familiar } from "../images/view.ts";
import type { ImageUses } from "./image-uses.ts";
import type { DiskImage } from "./order.ts";
import type { DiskPort } from "./trim.ts";

export type EnginePortOptions = {
  readonly context: EngineContext;
  readonly images: Images;
  readonly uses: ImageUses;
  readonly containers: Pick<Containers, "prune">;
  readonly signal: AbortSignal;
};

/** So often it is looked whether containers are still being started, in milliseconds. */
const PATIENCE = 50;

/** The disk of an engine. */
export function enginePort({ context, images, uses, containers, signal }: EnginePortOptions): DiskPort {
  const { store, events, background } = context;
  const isUsed = (id: string): boolean => store.list().some((record) => usesImage(record, id));
  return {
    async measure() {
      let bytes = await images.heldBytes();
      for (const { id } of store.list()) {
        signal.throwIfAborted();
        bytes += await containerBytes(context, id);
      }
      return bytes;
    },
    async quiet() {
      // Containers that nobody sees any more keep their images until they are gone.
      await background.settled();
      while (!signal.aborted && store.list().some(isBeginning)) {
        await new Promise<void>((resolve) => setTimeout(resolve, PATIENCE));
      }
    },
    collect: async () => (await images.collectGarbage()).bytes,
    dropCaches: async () => (await images.dropCaches()).bytes,
    images: () => diskImages({ context, images, uses }),
    async removeImage(id) {
      const found = images.held().find((image) => image.id === id);
      if (found === undefined || found.isLeased || isUsed(id)) return undefined;
      const fits = (each: string): boolean => each === id;
      const pruned = await images.prune({ all: true, fits, usedBy: (each) => usersOf(store.list(), each) });
      announceRemoval({ events }, pruned);
      return pruned.bytes;
    },
    stopped: () =>
      store
        .list()
        .filter(({ state }) => ["created", "exited", "dead"].includes(state.status))
        .map(({ id, name, createdAt, state }) => ({
          id,
          name,
          since: Date.parse(state.finishedAt ?? createdAt),
        })),
    async removeContainer(id) {
      const bytes = await containerBytes(context, id);
      const { removed } = await containers.prune((container) => container.id === id);
      return removed.includes(id) ? bytes : undefined;
    },
  };
}

/** The images of an engine, and when each was used last. */
export function diskImages({
  context: { store },
  images,
  uses,
}: Pick<EnginePortOptions, "context" | "images" | "uses">): DiskImage[] {
  const usedAt = uses.all();
  const records = store.list();
  return images.held().map(({ id, names, updated, hosting, isLeased }) => {
    const short = names.map(familiar);
    return {
      id,
      names: [...short, ...names],
      lastUsed: Math.max(updated, usedAt.get(id) ?? 0),
      hosting,
      isInUse: isLeased || records.some((record) => usesImage(record, id)),
      isBuiltIn: short.some((name) => name.startsWith(`${HELLO}:`)),
    };
  });
}

function usersOf(records: readonly ContainerRecord[], id: string) {
  return records
    .filter((record) => usesImage(record, id))
    .map(({ id: container, state }) => ({ container, running: state.status === "running" }));
}

function isBeginning({ state }: ContainerRecord): boolean {
  return state.status === "creating" || state.status === "starting";
}

/** What a container has written, its log and its checkpoints. */
async function containerBytes({ images, layout }: EngineContext, id: string): Promise<number> {
  try {
    return (await images.sizes(id)).writableBytes + (await filesIn(layout.container(id)));
  } catch (error) {
    // It may be gone meanwhile.
    if (error instanceof TugError && error.kind === "notFound") return 0;
    throw error;
  }
}

async function filesIn(directory: string): Promise<number> {
  let bytes = 0;
  try {
    for (const name of await readdir(directory, { recursive: true }))
      bytes += (await stat(join(directory, name))).blocks * 512;
  } catch (error) {
    if (errnoOf(error) !== "ENOENT") throw error;
  }
  return bytes;
}
