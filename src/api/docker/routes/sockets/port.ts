import type { dockerApi } from "../../../../specs/index.ts";
import type { Verb } from "../../scope/access.ts";

/** A scoped socket on record. */
export type SocketView = {
  readonly name: string;
  readonly path: string;
  /** RFC 3339. */
  readonly createdAt: string;
  readonly allow: readonly Verb[];
  readonly scope: string;
  readonly quota: dockerApi.SocketQuota;
  readonly uid: number;
  readonly gid: number;
  /** Permission bits. */
  readonly mode: number;
};

export type SocketRequest = Omit<SocketView, "path" | "createdAt" | "uid" | "gid"> & {
  /** `USER[:GROUP]`, names or numbers; left out: the engine's own. */
  readonly user: string | undefined;
};

/**
 * What the socket routes need of the resident process.
 *
 * | situation | kind |
 * | --- | --- |
 * | no such socket | notFound |
 * | there is one of the name | conflict |
 * | no such user, a path that is too long | invalid |
 */
export interface SocketsPort {
  /** By name. */
  list(): readonly SocketView[];
  get(name: string): SocketView;
  /** Puts it on record and listens. */
  create(request: SocketRequest): Promise<SocketView>;
  /** Ends what is under way through it, and forgets it. */
  remove(name: string): Promise<void>;
}
