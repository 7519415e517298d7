import { existsSync } from "node:fs";
import type { EngineContext } from "../context.ts";
import { tellPeers } from "./tell-names.ts";

/** Begins to take back what a container had of networks. What stays is taken back when an engine starts. */
export function disconnectContainer(
  context: Pick<EngineContext, "background" | "networks" | "store" | "layout" | "logger">,
  id: string,
): void {
  const { networks } = context;
  const left = networks.endpoints({ container: id });
  if (left.length === 0 && !existsSync(networks.namespaceOf(id))) return;
  networks.leaveSoon(id);
  void context.background.run(() =>
    tellPeers(context, left).catch((error: unknown) =>
      context.logger.log("warn", "network.names", { container: id, error: String(error) }),
    ),
  );
}
