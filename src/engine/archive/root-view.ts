import { stat } from "node:fs/promises";
import type { RootView } from "../../runtime/index.ts";
import { plannedSources, resolveMounts } from "../containers/mounts.ts";
import { networkFileMounts, networkFilePaths } from "../containers/network-files.ts";
import type { ContainerRecord } from "../containers/record.ts";
import { isRunning } from "../containers/stop.ts";
import type { EngineContext } from "../context.ts";
import { networkOwner } from "../networks/owner.ts";
import { requireNoSandbox } from "../runtimes/work.ts";
import type { ResolvedMount } from "../spec/input.ts";
import { mountSources, toSpec } from "../spec/mounts.ts";

/**
 * What a container's program sees as its files, or would see if it ran: then without what exists only while it does. Nothing
 * is made: a mount whose source is missing is left out.
 */
export async function rootView(context: EngineContext, record: ContainerRecord): Promise<RootView> {
  const { id, request, state } = record;
  if (isRunning(record)) {
    requireNoSandbox(context, record, "copy from or to container");
    return { kind: "process", pid: state.pid, startTime: state.startTime };
  }
  const { layout, images, store } = context;
  const { source } = await images.root(id);
  const asked = await resolveMounts(request.mounts, plannedSources(context, layout.containerRun(id)));
  const taken = new Set(asked.map(({ target }) => target));
  const files = networkFileMounts(
    networkFilePaths(layout.containerRun(networkOwner(store, record).id)),
    taken,
  );
  const present = await Promise.all([...asked, ...files].map(withPresentSource));
  return {
    kind: "stored",
    source,
    readOnly: request.security.readonlyRootfs,
    mounts: present
      .flatMap((mount) => mount ?? [])
      // Those above come before those below them, whatever the order of the request.
      .toSorted((a, b) => a.target.split("/").length - b.target.split("/").length)
      .map(toSpec),
    mountSources: mountSources(asked),
    place: layout.run,
  };
}

async function withPresentSource({
  source,
  ...rest
}: ResolvedMount): Promise<(Omit<ResolvedMount, "source"> & { readonly source: string }) | undefined> {
  if (source === undefined) return undefined;
  return stat(source).then(
    () => ({ ...rest, source }),
    () => undefined,
  );
}
