import type { Digest } from "../../base/index.ts";
import { planFacts, planKey, type RootSource } from "../../runtime/index.ts";
import { engineError } from "../errors.ts";
import { hostNameOf, networkOwner } from "../networks/owner.ts";
import { handlerOf } from "../runtimes/work.ts";
import { cdiChanges, replacing } from "../spec/cdi-changes.ts";
import { allHostDevices, type HostDevice, requestedDevices } from "../spec/host-devices.ts";
import type { SharedNamespaces, SpecInput, SpecRequest } from "../spec/input.ts";
import { runsSystemd } from "../spec/systemd.ts";
import { resolveMounts } from "./mounts.ts";
import { networkFileMounts, networkFilePaths } from "./network-files.ts";
import { parentOf } from "./parent.ts";
import type { RunContext, RunInput } from "./prepare-run.ts";
import type { ContainerRecord } from "./record.ts";
import { checkSystemdUser } from "./systemd.ts";
import { resolveUser } from "./user.ts";

/** All that a run's plan is made from, looked up: data, which decides the plan with nothing beside it. */
export type RunParts = Omit<SpecInput, "origins"> & {
  readonly root: RootSource;
  readonly init: boolean;
  readonly insideContainer: boolean;
};

/**
 * Looks up what a container's plan depends on: its user, its mounts and devices, the namespaces of others.
 *
 * @throws ENGINE_*
 */
export async function findRunParts(context: RunContext, input: RunInput): Promise<RunParts> {
  const { record, handler, facts } = input;
  const { id, request } = record;
  const run = context.layout.containerRun(id);
  const asked = await resolveMounts(request.mounts, input.sources);
  const image = record.image.defaults;
  const user = resolveUser(request.user || image.User || "", request.groupAdd, input.userFiles);
  checkSystemdUser(request, user);
  const cdi = await cdiChanges({
    names: request.resources.cdiDevices,
    directories: context.cdiDirectories,
    user,
  });
  const owner = networkOwner(context.store, record);
  const networkFiles = networkFilePaths(context.layout.containerRun(owner.id));
  const mounts = [...asked, ...networkFileMounts(networkFiles, new Set(asked.map(({ target }) => target)))];
  return {
    id,
    request: specRequest(request),
    image,
    user: { ...user, groups: [...new Set([...user.groups, ...cdi.groups])] },
    facts: planFacts(facts),
    hasMessageQueues:
      request.namespaces.ipc?.mode === "host" &&
      facts.mounts.some(({ mountPoint }) => mountPoint === "/dev/mqueue"),
    rootfs: handler === undefined ? "rootfs" : `${run}/rootfs`,
    hostname: hostNameOf(context.store, record),
    mounts: replacing(mounts, cdi.mounts, ({ target }) => target),
    devices: replacing(await devicesOf(request), cdi.devices, ({ path }) => path),
    cdi: { env: cdi.env, hooks: cdi.hooks },
    secretEnv: (request.secretEnv ?? []).map(input.sources.secretVariable),
    shared: sharedNamespaces(context, request),
    networkNamespace: `${context.layout.networkNamespaces}/${id}`,
    hasNetworkNamespace: input.restore !== undefined,
    root: rootOf(input),
    init: request.init ?? false,
    insideContainer: parentOf(record) !== undefined,
  };
}

/** What decides a plan but for the id: containers of the same key get the same one. */
export function keyOf(parts: RunParts): Digest {
  const { id, request, facts } = parts;
  const { from: _, ...asked } = request;
  const machine = { ...facts, boundingCapabilities: facts.boundingCapabilities.toString() };
  return planKey(id, JSON.stringify({ ...parts, request: asked, facts: machine }));
}

function specRequest(request: ContainerRecord["request"]): SpecRequest {
  const { image, command, entrypoint, env, workingDir, domainname, annotations, systemd, from } = request;
  const { shmSizeBytes, namespaces, resources, security, ulimits, sysctls, oomScoreAdj } = request;
  const { tty, consoleSize } = request.stdio;
  return {
    ...{ image, command, entrypoint, env, workingDir, domainname, annotations, systemd, from },
    ...{ shmSizeBytes, namespaces, resources, security, ulimits, sysctls, oomScoreAdj },
    stdio: { tty, consoleSize },
    network: { mode: request.network.mode },
  };
}

/**
 * The root of a container that is removed when it ends: its files need not be written to the disk then. An overlay of
 * this kind cannot be mounted again, as a restore does. Source: https://docs.kernel.org/filesystems/overlayfs.html#volatile-mount
 */
function rootOf({ record, root, restore }: RunInput): RootSource {
  const runsOnce = record.request.autoRemove && restore === undefined;
  return runsOnce && root.kind === "overlay" ? { ...root, options: ["volatile"] } : root;
}

async function devicesOf(request: ContainerRecord["request"]): Promise<HostDevice[]> {
  const { security, resources } = request;
  if (security.privileged) {
    const devices = await allHostDevices();
    return runsSystemd(request) ? devices.filter(({ path }) => !isVirtualConsole(path)) : devices;
  }
  return (await Promise.all(resources.devices.map(requestedDevices))).flat();
}

/** systemd would run its login prompts on the machine's own screens. */
function isVirtualConsole(path: string): boolean {
  return /^\/dev\/tty\d+$/.test(path);
}

function sharedNamespaces(
  context: RunContext,
  { namespaces: { pid, ipc }, network: { mode } }: ContainerRecord["request"],
): SharedNamespaces {
  return {
    ...(pid?.mode === "container" && { pid: namespacePath(context, "pid", pid.container) }),
    ...(ipc?.mode === "container" && { ipc: namespacePath(context, "ipc", ipc.container) }),
    ...(mode.kind === "container" && { net: namespacePath(context, "net", mode.container) }),
  };
}

function namespacePath(
  { store, layout }: RunContext,
  kind: "pid" | "ipc" | "net",
  reference: string,
): string {
  const record = store.find(reference);
  const { name, state } = record;
  if (kind !== "net" && handlerOf({ layout }, record)?.sandbox === true) {
    throw engineError(
      "HANDLER",
      `cannot join the ${kind} namespace of container ${name}: it is in a sandbox`,
      {
        hint: "run that container with --runtime tug",
      },
    );
  }
  if (state.status === "running" || state.status === "paused") return `/proc/${state.pid}/ns/${kind}`;
  throw engineError(
    "CONTAINER_NOT_RUNNING",
    `cannot join the ${kind} namespace of container ${name}: it is not running`,
    {
      hint: `start it first: tug start ${name}`,
    },
  );
}
