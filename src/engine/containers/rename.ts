import type { EngineContext } from "../context.ts";
import { engineError } from "../errors.ts";
import { tellOthers } from "../networks/tell-names.ts";
import { publishContainer } from "./events.ts";
import type { ContainerRecord } from "./record.ts";

/**
 * Gives a container another name, by which others find it from now on.
 *
 * @param name without a slash before it
 * @throws ENGINE_CONTAINER_NAME_TAKEN, ENGINE_REQUEST where it is the container's name already
 */
export function renameContainer(context: EngineContext, record: ContainerRecord, name: string): void {
  const { networks, store } = context;
  const { id, name: oldName } = record;
  if (name === oldName) {
    throw engineError("REQUEST", `cannot rename container ${oldName}: that is its name already`);
  }
  store.rename(id, name);
  networks.rename(id, name);
  publishContainer(context, store.find(id), "rename", { oldName: `/${oldName}` });
  tellOthers(context, record, networks.endpoints({ container: id }));
}
