import type { ContentStore } from "../content/content-store.ts";
import type { ImageStore } from "../image-store.ts";
import type { ImageTable } from "../image-table.ts";
import type { Leases } from "../leases.ts";
import type { Documents } from "./documents.ts";
import type { RegistryTable } from "./registry-table.ts";
import type { Repositories } from "./repositories.ts";

/** What takes manifests in, wherever they come from: the store, and the records of what a registry has of it. */
export type HostingParts = {
  content: ContentStore;
  table: ImageTable;
  store: ImageStore;
  leases: Leases;
  registry: RegistryTable;
  documents: Documents;
  repositories: Repositories;
  now: () => number;
};
