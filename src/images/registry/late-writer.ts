import type { RepositoryWriter } from "./repository.ts";

/** A writer that is opened when it is first used, and then kept. */
export function lateWriter(open: (signal?: AbortSignal) => Promise<RepositoryWriter>): RepositoryWriter {
  let opened: Promise<RepositoryWriter> | undefined;
  const writer = async (signal: AbortSignal | undefined): Promise<RepositoryWriter> => {
    const opening = opened ?? open(signal);
    opened = opening;
    try {
      return await opening;
    } catch (error) {
      // What one caller gave up another one may still want.
      if (opened === opening) opened = undefined;
      throw error;
    }
  };
  return {
    hasBlob: async (digest, signal) => (await writer(signal)).hasBlob(digest, signal),
    uploadBlob: async (blob, read, options = {}) =>
      (await writer(options.signal)).uploadBlob(blob, read, options),
    hasManifest: async (reference, signal) => (await writer(signal)).hasManifest(reference, signal),
    deleteManifest: async (digest, signal) => (await writer(signal)).deleteManifest(digest, signal),
    putManifest: async (reference, manifest, signal) =>
      (await writer(signal)).putManifest(reference, manifest, signal),
  };
}
