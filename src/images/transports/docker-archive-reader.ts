import { createHash } from "node:crypto";
import { type Digest, sha256 } from "../../base/index.ts";
import {
  type Descriptor,
  type DockerArchiveImage,
  maxManifestSize,
  mediaTypes,
  parseDockerArchive,
} from "../../specs/index.ts";
import { normalized } from "../archive/names.ts";
import { imageError } from "../errors.ts";
import { detectCompression } from "../layers/compression.ts";
import { type FileSet, missing, readWhole } from "./files.ts";
import { readLayoutImage } from "./layout-reader.ts";
import type { ImageReader } from "./open-image.ts";

const layerTypes = {
  gzip: mediaTypes.layerGzip,
  zstd: mediaTypes.layerZstd,
  none: mediaTypes.layer,
} as const;

/**
 * An image of an archive of `docker save`, by name; the only one needs no name. Newer Dockers and tug write OCI layouts
 * that are such archives too: those have manifests of their own. Others get one that is made from configuration and
 * layers as they are, the same for the same archive.
 */
export async function readDockerArchive(files: FileSet, name: string | undefined): Promise<ImageReader> {
  const image = chooseImage(await readImages(files), { name, place: files.place });
  if ((await files.size("index.json")) !== undefined) {
    const layout = readLayoutImage(files, name && normalized(name, {}));
    const found = await layout.root().catch(() => undefined);
    if (found !== undefined) return layout;
  }
  return madeImage(files, image);
}

async function readImages(files: FileSet): Promise<readonly DockerArchiveImage[]> {
  const data = await readWhole(files, "manifest.json", maxManifestSize);
  return parseDockerArchive(data, `manifest.json of ${files.place}`);
}

function chooseImage(
  images: readonly DockerArchiveImage[],
  { name, place }: { name: string | undefined; place: string },
): DockerArchiveImage {
  const wanted = name === undefined ? undefined : normalized(name, {});
  const isNamed = ({ RepoTags }: DockerArchiveImage) =>
    (RepoTags ?? []).some((tag) => normalized(tag, {}) === wanted);
  const fitting = name === undefined ? images : images.filter(isNamed);
  const [found, second] = fitting;
  if (found !== undefined && second === undefined) return found;
  const reason = name === undefined ? "it has several images, or none" : `it has no image ${name}`;
  const tags = images.flatMap(({ RepoTags }) => RepoTags ?? []);
  throw imageError("NOT_FOUND", `cannot read ${place}: ${reason}`, {
    ...(tags.length > 0 && { hint: `it has ${tags.slice(0, 10).join(", ")}` }),
  });
}

function madeImage(files: FileSet, image: DockerArchiveImage): ImageReader {
  const names = new Map<Digest, string>();
  let made: Promise<{ descriptor: Descriptor; data: Buffer }> | undefined;
  const describe = async (mediaType: string | undefined, name: string): Promise<Descriptor> => {
    const size = await files.size(name);
    if (size === undefined) throw missing(files.place, name);
    const hash = createHash("sha256");
    let type = mediaType;
    for await (const chunk of files.read(name)) {
      type ??= layerTypes[detectCompression(chunk)];
      hash.update(chunk);
    }
    const digest = `sha256:${hash.digest("hex")}` as Digest;
    names.set(digest, name);
    return { mediaType: type ?? mediaTypes.layer, digest, size };
  };
  const make = async () => {
    const config = await describe(mediaTypes.config, image.Config);
    const layers: Descriptor[] = [];
    for (const name of image.Layers) layers.push(await describe(undefined, name));
    const manifest = { schemaVersion: 2, mediaType: mediaTypes.manifest, config, layers };
    const data = Buffer.from(JSON.stringify(manifest));
    return { data, descriptor: { mediaType: mediaTypes.manifest, digest: sha256(data), size: data.length } };
  };
  const making = () => {
    made ??= make();
    return made;
  };
  return {
    root: async () => (await making()).descriptor,
    document: async () => (await making()).data,
    blob: ({ digest }, { offset }) => files.read(names.get(digest) ?? digest, offset),
    [Symbol.asyncDispose]: () => files[Symbol.asyncDispose](),
  };
}
