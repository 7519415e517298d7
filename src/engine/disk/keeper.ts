import { createMutex, type Logger, messageOf } from "../../base/index.ts";
import type { DiskConfig } from "../../config/index.ts";
import type { EventLog } from "../events.ts";
import { type DiskPort, type Removal, type Trimmed, trimDisk } from "./trim.ts";

/** Keeps what is on the disk within its budget. */
export interface DiskKeeper extends AsyncDisposable {
  /** Looks in a moment: something has come. */
  soon(): void;
  /** Looks now. Resolves when all is removed that had to be. */
  now(): Promise<void>;
  /** What somebody has to do. */
  warnings(): readonly string[];
}

export type DiskKeeperOptions = {
  readonly port: DiskPort;
  /** What the configuration says at this moment. */
  readonly readSettings: () => Promise<DiskConfig>;
  readonly events: Pick<EventLog, "publish" | "listen">;
  readonly logger: Logger;
  /** Ends what is under way; nothing is begun any more. */
  readonly signal: AbortSignal;
  /** Milliseconds since the epoch. */
  readonly clock?: () => number;
};

/** What comes together is looked at together; milliseconds. */
const PAUSE = 1000;
/** Containers write without telling anybody; milliseconds. */
const INTERVAL = 3_600_000;

/** What brings new bytes. */
const arrivals: ReadonlySet<string> = new Set(["pull", "load", "import", "create"]);

export function openDiskKeeper(options: DiskKeeperOptions): DiskKeeper {
  const { events, logger, signal } = options;
  const turn = createMutex();
  let unmet: string | undefined;
  let timer: NodeJS.Timeout | undefined;
  const look = async (): Promise<void> => {
    if (signal.aborted) return;
    try {
      const found = await keepBudget(options);
      // Once, not every hour.
      if (found !== undefined && unmet === undefined)
        logger.log("warn", "disk.budget-unmet", { reason: found });
      unmet = found;
    } catch (error) {
      if (!signal.aborted) logger.log("warn", "disk.budget-failed", { reason: messageOf(error) });
    }
  };
  const now = (): Promise<void> => turn.run(look);
  const soon = (): void => {
    timer ??= setTimeout(() => {
      timer = undefined;
      void now();
    }, PAUSE).unref();
  };
  const hourly = setInterval(() => void now(), INTERVAL).unref();
  const deafen = events.listen(({ type, action }) => {
    if (type === "image" && arrivals.has(action)) soon();
  });
  return {
    soon,
    now,
    warnings: () => (unmet === undefined ? [] : [unmet]),
    async [Symbol.asyncDispose]() {
      deafen();
      clearInterval(hourly);
      clearTimeout(timer);
      await turn.run(async () => {});
    },
  };
}

/** @returns why the budget is not kept, if it is not */
async function keepBudget(options: DiskKeeperOptions): Promise<string | undefined> {
  const { port, events, logger, signal, clock = Date.now } = options;
  const { budget, ...settings } = await options.readSettings();
  if (budget === undefined) return undefined;
  let reclaimed = 0;
  const onRemoved = (removal: Removal): void => {
    reclaimed += removal.bytes;
    logger.log("info", "disk.removed", fieldsOf(removal));
  };
  try {
    const trimmed = await trimDisk(port, { ...settings, budget, now: clock, onRemoved, signal });
    return reasonOf(trimmed, budget);
  } finally {
    if (reclaimed > 0) {
      const attributes = { reclaimed: String(reclaimed), reason: "disk budget" };
      events.publish({ type: "daemon", action: "prune", id: "disk", attributes });
    }
  }
}

function fieldsOf(removal: Removal): Record<string, string | number> {
  if (!("lastUsed" in removal)) return { ...removal };
  return { ...removal, lastUsed: new Date(removal.lastUsed).toISOString() };
}

function reasonOf({ after }: Trimmed, budget: number): string | undefined {
  if (after <= budget) return undefined;
  return `the disk budget of ${inWords(budget)} is passed: ${inWords(after)} are taken, and all that is left is in use, was used lately or is to be kept`;
}

function inWords(bytes: number): string {
  return bytes >= 1e9 ? `${(bytes / 1e9).toFixed(1)}GB` : `${(bytes / 1e6).toFixed(1)}MB`;
}
