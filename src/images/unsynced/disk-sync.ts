import { type Logger, messageOf } from "../../base/index.ts";
import type { Unsynced, UnsyncedTable } from "./unsynced-table.ts";

/** The disk that images are on. */
export type Disk = {
  /** Of this boot of the machine; another one tells that what was only in memory is lost. */
  readonly bootId: string;
  /** Resolves when all that was written to the directory's file system before the call is on the disk: syncfs(2). */
  sync(directory: string): Promise<void>;
};

export type DiskSyncOptions = {
  readonly table: UnsyncedTable;
  readonly disk: Disk;
  /** A directory of the file system that is synced. */
  readonly root: string;
  readonly logger: Logger;
  /** Milliseconds between the end of the last write and the sync: who starts a container at once is not held up. */
  readonly delay?: number;
};

/** Lets things be written without waiting for the disk, and waits for it later. */
export interface DiskSync {
  /** Puts on record what is going to be written. */
  begin(resources: readonly Unsynced[]): WithoutWaiting;
  /** Whether something is on record, so that after a power loss the next engine looks at what there is. */
  isPending(): boolean;
  /** Leaves what is not synced to the next engine, and waits for nothing: a disk may take its time. */
  close(): void;
}

/** One piece of work that does not wait for the disk. */
export type WithoutWaiting = {
  /** Resolves when the record is on the disk: nothing that was written may be taken to be there before that. */
  readonly recorded: Promise<void>;
  /** It is over, whether it was done or failed. */
  end(): void;
};

const DELAY = 5_000;

export function createDiskSync({ table, disk, root, logger, delay = DELAY }: DiskSyncOptions): DiskSync {
  const written = new Map<string, Unsynced>();
  const busy = new Map<string, number>();
  let timer: NodeJS.Timeout | undefined;
  let isRunning = false;
  let isClosed = false;

  const schedule = (): void => {
    if (timer !== undefined || isRunning || isClosed || written.size === 0) return;
    timer = setTimeout(async () => {
      timer = undefined;
      isRunning = true;
      await sync();
      isRunning = false;
      schedule();
    }, delay);
    timer.unref();
  };
  const note = (resources: readonly Unsynced[]): void => {
    for (const each of resources) written.set(keyOf(each), each);
    schedule();
  };
  async function sync(): Promise<void> {
    const taken = [...written.values()];
    written.clear();
    try {
      await disk.sync(root);
      if (isClosed) return;
      // What was begun again meanwhile has been written since.
      table.erase(taken.filter((each) => !busy.has(keyOf(each)) && !written.has(keyOf(each))));
    } catch (error) {
      // It stays on record, and is looked at after the next boot.
      if (!isClosed) logger.log("warn", "images.sync", { root, reason: messageOf(error) });
    }
  }

  note(table.ofBoot(disk.bootId));
  return {
    begin(resources) {
      for (const each of resources) busy.set(keyOf(each), (busy.get(keyOf(each)) ?? 0) + 1);
      const recorded = table.add(resources, disk.bootId);
      // Whoever waits for it is told.
      recorded.catch(() => {});
      return {
        recorded,
        end() {
          for (const each of resources) release(busy, keyOf(each));
          note(resources);
        },
      };
    },
    isPending: () => busy.size > 0 || written.size > 0,
    close() {
      isClosed = true;
      clearTimeout(timer);
    },
  };
}

function release(busy: Map<string, number>, key: string): void {
  const left = (busy.get(key) ?? 1) - 1;
  if (left === 0) busy.delete(key);
  else busy.set(key, left);
}

function keyOf({ kind, resource }: Unsynced): string {
  return `${kind} ${resource}`;
}
