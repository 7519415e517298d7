import { type Logger, messageOf } from "../../base/index.ts";
import type { ImageTable } from "../image-table.ts";
import type { Leases } from "../leases.ts";
import { dropBlob, dropManifest, renewLeases } from "./hosted-leases.ts";
import type { RegistryTable } from "./registry-table.ts";

export type TidierOptions = {
  registry: RegistryTable;
  table: ImageTable;
  leases: Leases;
  logger: Logger;
  collect: () => Promise<unknown>;
  now: () => number;
};

/** A blob that no manifest has referred to for so long was sent in vain; milliseconds. */
const patience = 24 * 60 * 60 * 1000;
/** What is deleted is collected together with what is deleted so soon after it, in milliseconds. */
const pause = 5000;

/** Removes what a registry has no more use for. */
export interface Tidier extends AsyncDisposable {
  /** Collects garbage in a while. */
  soon(): void;
}

/** Takes up what an engine before left, too. */
export async function createTidier(options: TidierOptions): Promise<Tidier> {
  await renewLeases(options);
  dropStale(options);
  let timer: NodeJS.Timeout | undefined;
  const tidy = async (): Promise<void> => {
    timer = undefined;
    try {
      dropStale(options);
      await options.collect();
    } catch (error) {
      options.logger.log("warn", "images.collection-failed", { reason: messageOf(error) });
    }
  };
  return {
    soon() {
      timer ??= setTimeout(() => void tidy(), pause).unref();
    },
    async [Symbol.asyncDispose]() {
      if (timer === undefined) return;
      clearTimeout(timer);
      await tidy();
    },
  };
}

/** Forgets what mirrors have of other registries and what is no image: it can be had there again. */
export function dropCached(options: Pick<TidierOptions, "registry" | "leases">): void {
  for (const { repository, digest, cached } of options.registry.manifests()) {
    if (cached) dropManifest(options, repository, digest);
  }
}

/**
 * Forgets blobs that were sent and never used, and that images were pushed
 * that have no name any more.
 */
export function dropStale({ registry, table, leases, now }: Omit<TidierOptions, "collect" | "logger">): void {
  const isOld = ({ pushed }: { pushed: number }) => now() - pushed > patience;
  for (const { repository, digest } of registry.blobs().filter(isOld)) {
    dropBlob({ registry, leases }, repository, digest);
  }
  for (const { repository, digest } of registry.images()) {
    if (table.get(`${repository}@${digest}`) === undefined) registry.deleteImage(repository, digest);
  }
}
