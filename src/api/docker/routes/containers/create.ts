import type { CreateContainerRequest } from "../../../../engine/index.ts";
import { dockerApi } from "../../../../specs/index.ts";
import { json } from "../../answer.ts";
import type { DoorRequest } from "../../route.ts";
import { readInVersion } from "./legacy-body.ts";
import type { ContainersHandler } from "./routes.ts";
import { translateCreate } from "./translate/create.ts";

/** Seccomp profiles travel in the body; nothing that a person writes is larger. */
const MAX_CREATE_BODY_BYTES = 4 * 1024 * 1024;

/** POST /containers/create */
export const createContainer: ContainersHandler = async (containers, request) => {
  const { id, warnings } = await containers.create(await readCreateRequest(request), request.signal);
  const created: dockerApi.ContainerCreated = { Id: id, Warnings: warnings };
  return json(created, 201);
};

/** The engine's request for a request with a create body. */
export async function readCreateRequest({
  body,
  query,
  version,
}: DoorRequest): Promise<CreateContainerRequest> {
  const parsed = dockerApi.parseCreateBody(await body.json(MAX_CREATE_BODY_BYTES));
  const platform = query.text("platform");
  return translateCreate(readInVersion(parsed, version), {
    name: query.text("name")?.replace(/^\//, ""),
    platform: platform === undefined ? undefined : dockerApi.parsePlatform(platform),
  });
}
