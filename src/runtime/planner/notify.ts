import { directoryFlags, type Op, type Slot } from "../../plan/index.ts";
import type { Process } from "../../specs/oci-runtime/index.ts";
import type { PlanBuilder } from "./builder.ts";
import type { CreateInput } from "./input.ts";
import { parseMountOptions } from "./mount-options.ts";
import { type BindContext, planBind } from "./mounts.ts";
import { stateFiles } from "./state.ts";

/** Where the container finds the socket, as with runc. */
const PLACE = "/run/notify";
const NAME = "notify.sock";

type NotifyInput = Pick<CreateInput, "stateDir" | "notifySocket">;

/** The directory that the container sees, made while nothing of it exists. */
export function notifyDirectory({ stateDir, notifySocket }: NotifyInput): Op[] {
  if (notifySocket === undefined) return [];
  const path = `${stateDir}/${stateFiles.notify}`;
  return [{ op: "directory", from: "NOTIFY_SOCKET", path, mode: 0o755, flags: directoryFlags.MAY_EXIST }];
}

/** Its mount in the container. */
export function planNotifyMount(context: BindContext, { stateDir, notifySocket }: NotifyInput): void {
  if (notifySocket === undefined) return;
  const mount = { destination: PLACE, type: "bind", source: `${stateDir}/${stateFiles.notify}` };
  const options = parseMountOptions(["bind", "nosuid", "noexec", "nodev", "ro"]);
  planBind(context, mount, { from: "NOTIFY_SOCKET", options });
}

/** The process with the variable that names the socket inside. */
export function withNotifyVariable(process: Process, { notifySocket }: NotifyInput): Process {
  if (notifySocket === undefined) return process;
  const env = (process.env ?? []).filter((entry) => !entry.startsWith("NOTIFY_SOCKET="));
  return { ...process, env: [...env, `NOTIFY_SOCKET=${PLACE}/${NAME}`] };
}

/** The socket, which has to be there before the program starts. */
export function planNotifySocket(
  { host, slot }: PlanBuilder,
  { stateDir, notifySocket }: NotifyInput,
): Slot | undefined {
  if (notifySocket === undefined) return undefined;
  const out = slot();
  const directory = `${stateDir}/${stateFiles.notify}`;
  host.push({ op: "notifySocket", from: "NOTIFY_SOCKET", directory, name: NAME, out });
  return out;
}
