import { TugError } from "../../../base/index.ts";
import type { PathDescription, WriteOptions } from "../../../engine/index.ts";
import type { ArchivePort } from "../routes/archive/port.ts";

/** Something at a path of every fake container. */
export type FakeFile = { readonly description: PathDescription; readonly archive: Uint8Array };

/** An archive that somebody has sent. */
export type FakeUpload = WriteOptions & { readonly container: string; readonly archive: Buffer };

/** Files of fake containers: what tests have put there, and what has been sent. */
export type FakeFiles = {
  readonly port: ArchivePort;
  readonly uploads: readonly FakeUpload[];
  put(path: string, file: FakeFile): void;
};

/** @param nameOf finds a container, or fails */
export function createFakeFiles(nameOf: (reference: string) => string): FakeFiles {
  const files = new Map<string, FakeFile>();
  const uploads: FakeUpload[] = [];
  const find = (reference: string, path: string): FakeFile => {
    const name = nameOf(reference);
    const file = files.get(path);
    if (file !== undefined) return file;
    throw new TugError("notFound", "FAKE_NO_FILE", `Could not find the file ${path} in container ${name}`);
  };
  const port: ArchivePort = {
    describe: async (reference, path) => find(reference, path).description,
    async read(reference, path) {
      const { description, archive } = find(reference, path);
      return {
        description,
        archive: (async function* () {
          yield archive;
        })(),
      };
    },
    async write(reference, options, { archive }) {
      const container = nameOf(reference);
      const chunks: Uint8Array[] = [];
      for await (const chunk of archive) chunks.push(chunk);
      uploads.push({ ...options, container, archive: Buffer.concat(chunks) });
    },
  };
  return { port, uploads, put: (path, file) => void files.set(path, file) };
}
