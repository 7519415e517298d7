import { type Digest, sha256 } from "../../base/index.ts";
import { type Descriptor, type DockerArchiveImage, mediaTypes } from "../../specs/index.ts";
import type { Blob, ContentStore } from "../content/content-store.ts";
import { imageError } from "../errors.ts";
import { type Compression, detectCompression } from "../layers/compression.ts";
import type { Lease } from "../leases.ts";
import type { Members } from "./members.ts";

const layerTypes: Readonly<Record<Compression, string>> = {
  gzip: mediaTypes.layerGzip,
  zstd: mediaTypes.layerZstd,
  none: mediaTypes.layer,
};

/**
 * Makes the manifest that an image of a `docker save` archive lacks, from its configuration and layers as they are,
 * and puts it into the store. The same archive always makes the same manifest.
 * @throws IMAGE_INCOMPLETE
 */
export async function makeManifest(
  image: DockerArchiveImage,
  { members, content, lease }: { members: Members; content: ContentStore; lease: Lease },
): Promise<Descriptor> {
  const member = (name: string): Blob => {
    const blob = members.blob(name);
    if (blob !== undefined) return blob;
    throw imageError(
      "INCOMPLETE",
      `cannot load the archive: manifest.json names ${JSON.stringify(name)}, which is missing`,
    );
  };
  const config = { mediaType: mediaTypes.config, ...member(image.Config) };
  const layers: Descriptor[] = [];
  for (const name of image.Layers) {
    const blob = member(name);
    layers.push({ mediaType: layerTypes[await compressionOf(content, blob.digest)], ...blob });
  }
  const manifest = { schemaVersion: 2, mediaType: mediaTypes.manifest, config, layers };
  const data = Buffer.from(JSON.stringify(manifest));
  const descriptor = { mediaType: mediaTypes.manifest, digest: sha256(data), size: data.length };
  await lease.retain({ kind: "manifest", resource: descriptor.digest });
  await using ingest = await content.ingest(descriptor);
  await ingest?.write(data);
  await ingest?.commit();
  return descriptor;
}

async function compressionOf(content: ContentStore, digest: Digest): Promise<Compression> {
  for await (const chunk of content.read(digest)) return detectCompression(chunk);
  return "none";
}
