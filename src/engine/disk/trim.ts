import { type DiskImage, type Kept, leastKeep, orderImages } from "./order.ts";

/** A container that does not run and will not by itself. */
export type StoppedContainer = {
  readonly id: string;
  readonly name: string;
  /** When it ended or was made, in milliseconds since the epoch. */
  readonly since: number;
};

/** What is asked of the store and done to it. Bytes; removals say how many are free now. */
export interface DiskPort {
  /** What everything takes that counts. */
  measure(): Promise<number>;
  /** Resolves at a moment at which no container is made or started. */
  quiet(): Promise<void>;
  /** Removes what nothing needs. */
  collect(): Promise<number>;
  /** Removes documents that mirrors have fetched. */
  dropCaches(): Promise<number>;
  images(): readonly DiskImage[];
  /** Undefined for one that has come into use. */
  removeImage(id: string): Promise<number | undefined>;
  stopped(): readonly StoppedContainer[];
  /** Undefined for one that runs by now. */
  removeContainer(id: string): Promise<number | undefined>;
}

export type TrimOptions = Omit<Kept, "now"> & {
  /** Bytes. */
  readonly budget: number;
  readonly stoppedContainers: boolean;
  readonly now: () => number;
  readonly onRemoved: (removal: Removal) => void;
  readonly signal: AbortSignal;
};

/** One thing that went. `lastUsed`: milliseconds since the epoch. */
export type Removal =
  | { readonly kind: "leftovers" | "caches"; readonly bytes: number }
  | ({ readonly kind: "image" | "container"; readonly bytes: number } & {
      readonly id: string;
      readonly name: string;
      readonly lastUsed: number;
    });

/** What there was before and is afterwards. */
export type Trimmed = { readonly before: number; readonly after: number };

/** Once the budget is passed, room is made for a while. */
const goalShare = 0.9;

type Trim = { readonly port: DiskPort; readonly options: TrimOptions; readonly goal: number; held: number };

/**
 * Brings what is on the disk below its budget if it has passed it: down to nine tenths, by what is missed least first.
 * Each removal is whole before the next begins, so that it may end at any of them.
 */
export async function trimDisk(port: DiskPort, options: TrimOptions): Promise<Trimmed> {
  const before = await port.measure();
  if (before <= options.budget) return { before, after: before };
  const trim: Trim = { port, options, goal: Math.floor(options.budget * goalShare), held: before };
  await step(trim, async () => ({ kind: "leftovers", bytes: await port.collect() }));
  await step(trim, async () => ({ kind: "caches", bytes: await port.dropCaches() }));
  await trimImages(trim);
  if (options.stoppedContainers && (await trimContainers(trim))) await trimImages(trim);
  return { before, after: await port.measure() };
}

/** @returns whether anything went */
async function step(trim: Trim, remove: () => Promise<Removal | undefined>): Promise<boolean> {
  const { port, options } = trim;
  if (trim.held <= trim.goal) return false;
  await port.quiet();
  options.signal.throwIfAborted();
  const removal = await remove();
  if (removal === undefined) return false;
  trim.held -= removal.bytes;
  if (removal.kind === "image" || removal.kind === "container" || removal.bytes > 0)
    options.onRemoved(removal);
  return true;
}

async function trimImages(trim: Trim): Promise<void> {
  const { port, options } = trim;
  const tried = new Set<string>();
  for (let isOver = false; !isOver && trim.held > trim.goal; ) {
    await step(trim, async () => {
      // Only now: somebody may have asked for one of them while this was waiting.
      const places = orderImages(port.images(), { ...options, now: options.now() });
      const next = places.find(({ image, stays }) => stays === undefined && !tried.has(image.id));
      isOver = next === undefined;
      if (next === undefined) return undefined;
      const { id, names, lastUsed } = next.image;
      tried.add(id);
      const bytes = await port.removeImage(id);
      return bytes === undefined ? undefined : { kind: "image", id, name: names[0] ?? id, lastUsed, bytes };
    });
  }
}

async function trimContainers(trim: Trim): Promise<boolean> {
  const { port, options } = trim;
  const before = options.now() - Math.max(options.keep, leastKeep);
  const stopped = port.stopped().filter(({ since }) => since <= before);
  let hasRemoved = false;
  for (const { id, name, since } of stopped.toSorted((a, b) => a.since - b.since)) {
    const isGone = await step(trim, async () => {
      const bytes = await port.removeContainer(id);
      return bytes === undefined ? undefined : { kind: "container", id, name, lastUsed: since, bytes };
    });
    hasRemoved ||= isGone;
  }
  return hasRemoved;
}
