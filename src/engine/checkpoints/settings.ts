import { join } from "node:path";
import type { CriuSearch, CriuSettings } from "../../runtime/index.ts";
import type { ContainerRecord } from "../containers/record.ts";
import type { EngineContext } from "../context.ts";

/** Where criu keeps its logs, in the container's own directory: they tell more than its answer. */
const LOGS = "criu";

/** How criu is called for a container of the engine, in both directions. */
export function criuSettings(
  { layout }: Pick<EngineContext, "layout">,
  { id }: Pick<ContainerRecord, "id">,
  { criu, images }: { criu: CriuSearch; images: string },
): CriuSettings {
  return {
    criu,
    images,
    work: join(layout.container(id), LOGS),
    // A connection that goes on elsewhere than its peer believes would be refused by that one anyway.
    tcpEstablished: false,
    extUnixSk: false,
    shellJob: false,
    // Locks of files are the container's own wherever its files are.
    fileLocks: true,
    autoDedup: false,
    lazyPages: false,
  };
}
