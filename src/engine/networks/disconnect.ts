import { existsSync } from "node:fs";
import { setImmediate as afterOthers } from "node:timers/promises";
import type { Endpoint } from "../../network/index.ts";
import type { EngineContext } from "../context.ts";
import { tellOthers } from "./tell-names.ts";

type DisconnectContext = Pick<EngineContext, "background" | "networks" | "store" | "layout" | "logger">;

/** Begins to take back what a container had of networks. What stays is taken back when an engine starts. */
export function disconnectContainer(context: DisconnectContext, id: string): void {
  const { networks, background, logger } = context;
  const left = networks.endpoints({ container: id });
  if (left.length === 0 && !existsSync(networks.namespaceOf(id))) return;
  networks.leaveSoon(id);
  if (left.length === 0) return;
  void background.run(() =>
    tellLater(context, { id, left }).catch((error: unknown) =>
      logger.log("warn", "network.names", { container: id, error: String(error) }),
    ),
  );
}

/** Nobody waits for it, least of all whoever wants to know how the container has ended. */
async function tellLater(
  context: DisconnectContext,
  { id, left }: { readonly id: string; readonly left: readonly Endpoint[] },
): Promise<void> {
  await afterOthers();
  tellOthers(context, { id }, left);
}
