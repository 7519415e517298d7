import { randomUUID } from "node:crypto";
import type { ContentStore, Ingest } from "../content/content-store.ts";
import { Refusal } from "./answers.ts";

/** A blob that is being sent. */
export type Upload = {
  readonly id: string;
  readonly repository: string;
  readonly ingest: Ingest;
  /** Bytes that are there. */
  size: number;
  /** Milliseconds since the epoch. */
  touched: number;
  /** Whether a request is at work on it. */
  isBusy: boolean;
};

/** Uploads of a running registry: they end with it. */
export interface Uploads extends AsyncDisposable {
  begin(repository: string): Promise<Upload>;
  /** An upload that nobody else is at work on, for as long as `work` takes. @throws Refusal */
  use<T>(repository: string, id: string, work: (upload: Upload) => Promise<T>): Promise<T>;
  /** Forgets an upload; bytes that are not in the store by then go. */
  end(upload: Upload): Promise<void>;
}

/** So many uploads can be under way; each has a file open. */
const most = 256;
/** An upload that nobody goes on with is forgotten after so long, in milliseconds. */
const patience = 60 * 60 * 1000;

export function createUploads(content: ContentStore, now: () => number): Uploads {
  const uploads = new Map<string, Upload>();
  const end = async (upload: Upload): Promise<void> => {
    uploads.delete(upload.id);
    await upload.ingest[Symbol.asyncDispose]();
  };
  const endStale = async (): Promise<void> => {
    const stale = [...uploads.values()].filter(
      ({ touched, isBusy }) => !isBusy && now() - touched > patience,
    );
    for (const upload of stale) await end(upload);
  };
  return {
    async begin(repository) {
      await endStale();
      if (uploads.size >= most) throw new Refusal(429, "TOOMANYREQUESTS", "too many uploads are under way");
      const ingest = await content.ingest();
      const upload = { id: randomUUID(), repository, ingest, size: 0, touched: now(), isBusy: false };
      uploads.set(upload.id, upload);
      return upload;
    },
    async use(repository, id, work) {
      const upload = uploads.get(id);
      if (upload === undefined || upload.repository !== repository) {
        throw new Refusal(404, "BLOB_UPLOAD_UNKNOWN", "there is no such upload");
      }
      if (upload.isBusy) {
        throw new Refusal(409, "BLOB_UPLOAD_INVALID", "another request is at work on the upload");
      }
      upload.isBusy = true;
      try {
        return await work(upload);
      } finally {
        upload.isBusy = false;
        upload.touched = now();
      }
    },
    end,
    async [Symbol.asyncDispose]() {
      for (const upload of uploads.values()) await end(upload);
    },
  };
}
