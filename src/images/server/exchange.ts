import type { IncomingMessage, ServerResponse } from "node:http";
import type { ContentStore } from "../content/content-store.ts";
import type { ImageStore } from "../image-store.ts";
import type { ImageTable } from "../image-table.ts";
import type { Leases } from "../leases.ts";
import type { Documents } from "./documents.ts";
import type { Mirror } from "./mirror.ts";
import type { Target } from "./path.ts";
import type { RegistryTable } from "./registry-table.ts";
import type { Repositories } from "./repositories.ts";
import type { Uploads } from "./uploads.ts";

/** What the answers of a registry are made from. */
export type RegistryParts = {
  readonly content: ContentStore;
  readonly table: ImageTable;
  readonly store: ImageStore;
  readonly leases: Leases;
  readonly registry: RegistryTable;
  readonly documents: Documents;
  readonly repositories: Repositories;
  readonly uploads: Uploads;
  /** What the store calls this registry. */
  readonly name: string;
  /** Where it gets what it has not, if it is a mirror. */
  readonly mirror: Mirror | undefined;
  /** Changes of one repository, one at a time. */
  alone<T>(repository: string, work: () => Promise<T>): Promise<T>;
  /** Told when something may have become of no use. */
  onGarbage(): void;
  now(): number;
};

/** A request to be answered. */
export type Exchange<T extends Target = Target> = {
  readonly target: T;
  readonly method: string;
  readonly query: URLSearchParams;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Aborted when the client goes away or the server closes. */
  readonly signal: AbortSignal;
};

/** The exchanges about one kind of target. */
export type ExchangeAbout<K extends Target["kind"]> = Exchange<Extract<Target, { kind: K }>>;
