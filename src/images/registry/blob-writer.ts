import type { RepositoryWriter, UploadOptions } from "./repository.ts";
import type { Channel, Requester } from "./requester.ts";
import { cancelUpload, upload } from "./upload.ts";
import { readSession } from "./upload-session.ts";

export type BlobWriterOptions = {
  channel: Channel;
  requester: Requester;
  /** Sends requests with rights to read another repository as well. */
  mounting: (from: string) => Requester;
  /** Address of the repository, ending in a slash. */
  base: URL;
  /** Bytes of a piece, where a blob goes in pieces. */
  chunkSize?: number | undefined;
};

const defaultChunkSize = 32 * 1024 * 1024;

/** The half of a `RepositoryWriter` that writes blobs. */
export function createBlobWriter(
  options: BlobWriterOptions,
): Pick<RepositoryWriter, "hasBlob" | "uploadBlob"> {
  const { channel, requester, base, chunkSize = defaultChunkSize } = options;
  return {
    hasBlob: (digest, signal) => {
      const url = new URL(`blobs/${digest}`, base);
      return requester({ method: "HEAD", url, accept: [200, 404], signal }, (response) => {
        response.body.destroy();
        return response.status === 200;
      });
    },
    async uploadBlob(blob, read, { mountFrom = [], onSent = () => {}, signal }: UploadOptions = {}) {
      for (const from of mountFrom) {
        if (await mount(options, { digest: blob.digest, from, signal })) return { mountedFrom: from };
      }
      await upload({ channel, requester, base, blob, read, chunkSize, onSent, signal });
      return { mountedFrom: undefined };
    },
  };
}

type Mount = { digest: string; from: string; signal: AbortSignal | undefined };

/** Takes a blob over from another repository. A registry that does not begins an upload instead, which is cancelled. */
async function mount(
  { channel, mounting, base }: BlobWriterOptions,
  { digest, from, signal }: Mount,
): Promise<boolean> {
  const url = new URL("blobs/uploads/", base);
  url.searchParams.set("mount", digest);
  url.searchParams.set("from", from);
  const refusals = [400, 401, 403, 404, 405];
  const request = { method: "POST" as const, url, accept: [201, 202, ...refusals], signal };
  const begun = await mounting(from)(request, (response) => {
    response.body.resume();
    return response.status === 202 ? readSession(response, channel.purpose) : response.status === 201;
  });
  if (typeof begun === "boolean") return begun;
  await cancelUpload(channel, begun);
  return false;
}
