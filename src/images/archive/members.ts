import { type Digest, isDigest } from "../../base/index.ts";
import { maxManifestSize } from "../../specs/index.ts";
import { createTarReader, type Node } from "../../tar/index.ts";
import type { Blob, ContentStore, Ingest } from "../content/content-store.ts";
import { imageError } from "../errors.ts";
import { decompress } from "../layers/compression.ts";
import { parentOf } from "../layers/path.ts";
import type { Lease } from "../leases.ts";

/** What an archive of images holds, once it was read. Names are without "./". */
export type Members = {
  /** `index.json`, `manifest.json` and `oci-layout`. */
  documents: ReadonlyMap<string, Uint8Array>;
  /** All other files: blobs that are in the store now, links resolved. */
  blob(name: string): Blob | undefined;
};

export type ReadOptions = { content: ContentStore; lease: Lease; signal?: AbortSignal | undefined };

const documentNames = ["index.json", "manifest.json", "oci-layout"];
const maxMembers = 100_000;

/**
 * Reads an archive, compressed or not, and puts its files into the content store under the lease. A file whose name is
 * a digest (`blobs/sha256/...`) must have it.
 * @throws IMAGE_ARCHIVE, TAR_ARCHIVE, IMAGE_COMPRESSION, IMAGE_CONTENT_DIGEST, IMAGE_CONTENT_SIZE
 */
export async function readMembers(source: AsyncIterable<Uint8Array>, options: ReadOptions): Promise<Members> {
  const documents = new Map<string, Uint8Array>();
  const blobs = new Map<string, Blob>();
  const links = new Map<string, string>();
  let sink: Sink = ignore;
  let count = 0;
  const reader = createTarReader();
  const finish = async () => {
    const finished = sink;
    sink = ignore;
    await finished.end();
  };
  try {
    for await (const chunk of decompress(source)) {
      options.signal?.throwIfAborted();
      for (const piece of reader.push(chunk)) {
        if (piece.kind === "data") {
          await sink.write(piece.data);
          continue;
        }
        await finish();
        count += 1;
        if (count > maxMembers)
          throw imageError("ARCHIVE", `cannot read the archive: more than ${maxMembers} members`);
        const { node } = piece;
        const name = nameOf(node);
        if (node.type === "symlink") links.set(name, join(parentOf(name), node.link));
        else if (node.type === "hardLink") links.set(name, join("", node.link));
        else if (node.type === "file" && documentNames.includes(name)) {
          sink = documentSink(node, (data) => void documents.set(name, data));
        } else if (node.type === "file") {
          sink = await blobSink(node, options, (blob) => void blobs.set(name, blob));
        }
      }
    }
    reader.end();
    await finish();
  } finally {
    await sink.abandon();
  }
  return { documents, blob: (name) => resolve(name, blobs, links) };
}

/** What becomes of the bytes of one member. */
type Sink = {
  write(data: Buffer): Promise<void> | void;
  end(): Promise<void> | void;
  abandon(): Promise<void> | void;
};

const ignore: Sink = { write() {}, end() {}, abandon() {} };

function documentSink({ path, size }: Node, keep: (data: Uint8Array) => void): Sink {
  if (size > maxManifestSize)
    throw imageError("ARCHIVE", `cannot read the archive: ${path} has ${size} bytes`);
  const chunks: Buffer[] = [];
  return { write: (data) => void chunks.push(data), end: () => keep(Buffer.concat(chunks)), abandon() {} };
}

async function blobSink(
  node: Node,
  { content, lease, signal }: ReadOptions,
  keep: (blob: Blob) => void,
): Promise<Sink> {
  const digest = digestOf(nameOf(node));
  if (digest !== undefined) await lease.retain({ kind: "blob", resource: digest });
  const ingest: Ingest | undefined =
    digest === undefined
      ? await content.ingest(undefined, signal)
      : await content.ingest({ digest, size: node.size }, signal);
  if (ingest === undefined) {
    keep({ digest: digest as Digest, size: node.size });
    return ignore;
  }
  return {
    write: (data) => ingest.write(data),
    async end() {
      await using _ = ingest;
      keep(await ingest.commit((blob) => lease.retain({ kind: "blob", resource: blob.digest })));
    },
    async abandon() {
      await using _ = ingest;
      await ingest.discard();
    },
  };
}

/** The digest that the name of a blob in a layout is. */
function digestOf(name: string): Digest | undefined {
  const match = /^blobs\/([a-z0-9]+)\/([0-9a-f]+)$/.exec(name);
  const digest = `${match?.[1]}:${match?.[2]}`;
  return match !== null && isDigest(digest) ? digest : undefined;
}

function nameOf({ path }: Node): string {
  return join("", path);
}

/** A path relative to a directory of the archive, as a name; nothing leads out of the archive. */
function join(directory: string, path: string): string {
  const parts: string[] = path.startsWith("/") ? [] : directory.split("/");
  for (const part of path.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== ".") parts.push(part);
  }
  return parts.filter((part) => part !== "").join("/");
}

function resolve(
  name: string,
  blobs: ReadonlyMap<string, Blob>,
  links: ReadonlyMap<string, string>,
): Blob | undefined {
  let current = join("", name);
  for (let followed = 0; followed < 8; followed += 1) {
    const blob = blobs.get(current);
    if (blob !== undefined) return blob;
    const next = links.get(current);
    if (next === undefined) return undefined;
    current = next;
  }
  return undefined;
}
