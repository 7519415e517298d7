import type { Digest } from "../../base/index.ts";
import type { Descriptor } from "../../specs/index.ts";
import type { Reference } from "../reference.ts";
import type { Repository, RepositoryWriter } from "../registry/repository.ts";
import { checkNamedDigest } from "./checked-document.ts";
import type { ImageReader, ImageWriter } from "./open-image.ts";

/** An image in a registry, to be read. */
export function readRegistryImage(repository: Repository, reference: Reference): ImageReader {
  const { digest, tag = "latest" } = reference;
  // Registries count how often they are asked.
  const known = new Map<Digest, Uint8Array>();
  const fetch = async (reference: string, signal: AbortSignal | undefined) => {
    const fetched = await repository.manifest(reference, signal);
    known.set(fetched.descriptor.digest, fetched.data);
    return fetched;
  };
  return {
    reference,
    async root(signal) {
      const described = digest === undefined ? await repository.resolve(tag, signal) : undefined;
      return described ?? (await fetch(digest ?? tag, signal)).descriptor;
    },
    document: async (descriptor: Descriptor, signal) =>
      known.get(descriptor.digest) ?? (await fetch(descriptor.digest, signal)).data,
    blob: (blob, options) => repository.blob(blob, options),
    async [Symbol.asyncDispose]() {},
  };
}

/** An image in a registry, to be written. */
export function writeRegistryImage(writer: RepositoryWriter, reference: Reference): ImageWriter {
  const under = reference.tag ?? reference.digest ?? "latest";
  return {
    reference,
    takesIndexes: true,
    async current(signal) {
      const found = await writer.hasManifest(under, signal);
      return typeof found === "boolean" ? undefined : found;
    },
    hasBlob: (digest, signal) => writer.hasBlob(digest, signal),
    putBlob: (blob, read, options) => writer.uploadBlob(blob, read, options),
    putDocument: (document, signal) => writer.putManifest(document.digest, document, signal),
    async finish({ root }, signal) {
      checkNamedDigest(reference, root);
      await writer.putManifest(under, root, signal);
    },
    async [Symbol.asyncDispose]() {},
  };
}
