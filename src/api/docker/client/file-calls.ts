import { TugError } from "../../../base/index.ts";
import * as dockerApi from "../../../specs/docker-api/index.ts";
import type { ApiResponse } from "./api-response.ts";
import type { CallOptions } from "./container-calls.ts";
import type { Transport } from "./transport.ts";

/** How an archive is unpacked. */
export type WriteFilesOptions = CallOptions & {
  /** A directory does not take another file's place. */
  readonly keepKinds?: boolean;
  /** Everything belongs to the container's user, whatever the archive says. */
  readonly asUser?: boolean;
};

/** Calls about files of containers, running or not, by absolute paths in the container. */
export type FileCalls = {
  /** What is at a path; a link is described itself. `notFound` without a body tells nothing more. */
  stat(container: string, path: string, options?: CallOptions): Promise<dockerApi.PathStat>;
  /** What is at a path as a tar archive. */
  read(
    container: string,
    path: string,
    options?: CallOptions,
  ): Promise<{ readonly stat: dockerApi.PathStat; readonly archive: AsyncIterable<Uint8Array> }>;
  /** Unpacks a tar archive into an existing directory. */
  write(
    container: string,
    path: string,
    archive: AsyncIterable<Uint8Array>,
    options?: WriteFilesOptions,
  ): Promise<void>;
};

export function createFileCalls(transport: Transport): FileCalls {
  return {
    async stat(container, path, { signal } = {}) {
      const request = { method: "HEAD", path: pathOf(container), query: { path }, signal } as const;
      const response = await transport.send(request).catch((error) => {
        throw withoutBody(error, container, path);
      });
      response.discard();
      return statOf(response);
    },
    async read(container, path, { signal } = {}) {
      const request = { method: "GET", path: pathOf(container), query: { path }, signal } as const;
      const response = await transport.send(request);
      return { stat: statOf(response), archive: response.bytes };
    },
    async write(container, path, upload, { keepKinds, asUser, signal } = {}) {
      const query = { path, noOverwriteDirNonDir: keepKinds, copyUIDGID: asUser };
      await transport.sendForNothing({ method: "PUT", path: pathOf(container), query, upload, signal });
    },
  };
}

function pathOf(container: string): string {
  return `/containers/${encodeURIComponent(container)}/archive`;
}

function statOf(response: ApiResponse): dockerApi.PathStat {
  return dockerApi.parsePathStat(response.header(dockerApi.PATH_STAT_HEADER.toLowerCase()));
}

/** The answer to HEAD has no body, so that only its status tells what went wrong. */
function withoutBody(error: unknown, container: string, path: string): unknown {
  if (!(error instanceof TugError) || error.kind !== "notFound") return error;
  return new TugError(error.kind, error.code, `No such container:path: ${container}:${path}`, {
    cause: error,
  });
}
