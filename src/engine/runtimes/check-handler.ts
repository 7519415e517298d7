import type { RuntimeHandler } from "../../runtime/index.ts";
import { parentOf } from "../containers/parent.ts";
import { engineError } from "../errors.ts";
import { isHostImage } from "../images/host-image.ts";
import type { CreateContainerRequest } from "../model/create-request.ts";
import type { MountRequest } from "../model/mount-request.ts";

/**
 * Says no to what only the engine's own runtime can do.
 *
 * @throws ENGINE_HANDLER
 */
export function checkHandler(request: CreateContainerRequest, { name, sandbox }: RuntimeHandler): void {
  const refuse = (reason: string): Error =>
    engineError("HANDLER", `cannot create the container: runtime ${name} cannot do that: ${reason}`, {
      hint: "leave that out, or use --runtime tug",
    });
  if (request.init) throw refuse("a first process that reaps for the program (--init) is tug's own");
  if (isHostImage(request.image)) throw refuse("the image is a view of the host, which tug makes itself");
  if (parentOf({ request }) !== undefined) throw refuse("the container lies in another one");
  for (const mount of request.mounts) {
    const reason = refusedMount(mount);
    if (reason !== undefined) throw refuse(`${reason} (${mount.from})`);
  }
  const { pid, ipc } = request.namespaces;
  if (sandbox && [pid?.mode, ipc?.mode].some((mode) => mode === "host" || mode === "container"))
    throw refuse("its sandbox shares no process or IPC namespace");
}

function refusedMount(mount: MountRequest): string | undefined {
  const subpath = mount.type === "volume" || mount.type === "image" ? mount.subpath : undefined;
  if (subpath !== undefined) return `${mount.target} shows a part of something`;
  const isShared = mount.type === "bind" && /^r?shared$/.test(mount.propagation ?? "");
  return isShared ? `mounts made below ${mount.target} would not reach the host` : undefined;
}
