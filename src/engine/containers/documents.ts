import type { Database } from "../../base/index.ts";
import type { ContainerRecord } from "./record.ts";

/** What of a container's record stays as it is while its state changes. */
export type ContainerDocuments = Pick<ContainerRecord, "request" | "image" | "anonymousVolumes">;

/** Reads documents. */
export type DocumentReader = {
  /** Of a container that is on record. */
  read(id: string): ContainerDocuments;
  /** They have changed, or are no more. */
  forget(id: string): void;
};

/** So many containers' documents are kept, of some kilobytes each. */
const KEPT = 1024;

/**
 * The documents of containers, each parsed once: a single run looks at its record ten times, and a list of containers at
 * every record. Whoever gets one may not change it.
 */
export function documentReader({ sql }: Pick<Database, "sql">): DocumentReader {
  const one = sql.prepare("SELECT request, image, anonymous_volumes FROM containers WHERE id = ?");
  const kept = new Map<string, ContainerDocuments>();
  return {
    read(id) {
      const found = kept.get(id);
      if (found !== undefined) return found;
      const documents = parse(one.get(id) as Row);
      const [oldest] = kept.keys();
      if (kept.size >= KEPT && oldest !== undefined) kept.delete(oldest);
      kept.set(id, documents);
      return documents;
    },
    forget: (id) => void kept.delete(id),
  };
}

type Row = { request: string; image: string; anonymous_volumes: string };

function parse(row: Row): ContainerDocuments {
  return {
    request: JSON.parse(row.request) as ContainerRecord["request"],
    image: JSON.parse(row.image) as ContainerRecord["image"],
    anonymousVolumes: JSON.parse(row.anonymous_volumes) as string[],
  };
}
