import type { dockerApi } from "../../../../specs/index.ts";
import { json } from "../../answer.ts";
import { idOf } from "./lifecycle.ts";
import type { ContainersHandler } from "./routes.ts";

const kinds = { modified: 0, added: 1, deleted: 2 } as const;

/** GET /containers/{id}/changes */
export const changes: ContainersHandler = async (containers, request) => {
  const found = await containers.changes(idOf(request));
  const answer: dockerApi.FilesystemChange[] = found.map(({ path, kind }) => ({
    Path: path,
    Kind: kinds[kind],
  }));
  return json(answer);
};
