import type { Mutex } from "../../base/index.ts";
import type { EngineContext } from "../context.ts";
import { logSettings } from "../logs/log-settings.ts";
import type { CreateContainerRequest } from "../model/create-request.ts";
import type { MountRequest } from "../model/mount-request.ts";
import { checkNetworks } from "../networks/check.ts";
import { settleNetwork } from "../networks/default-network.ts";
import { withLinks } from "../networks/links.ts";
import { withRuntime } from "../runtimes/with-runtime.ts";
import { commandLine } from "../spec/process.ts";
import { newVolumeName } from "../volumes/name.ts";
import { ANONYMOUS } from "../volumes/service.ts";
import { checkRequest } from "./check-request.ts";
import { publishContainerOnce } from "./events.ts";
import { fillVolume } from "./fill-volume.ts";
import { checkImageSubpaths, findMountedImages, mountedManifests } from "./image-mounts.ts";
import type { ContainerImage } from "./image-source.ts";
import { checkSources } from "./mounts.ts";
import { inventName, newContainerId } from "./names.ts";
import { parentOf, withoutPlaces, withParent } from "./parent.ts";
import { LOG_FILE, logSubject } from "./prepare-run.ts";
import { type ContainerRecord, lifetimeOf, newState } from "./record.ts";
import { withShared } from "./shared-namespaces.ts";
import { withSystemd } from "./systemd.ts";
import { inheritedMounts } from "./volumes-from.ts";

/**
 * Makes a container that does not run: a row, a writable snapshot, its volumes. The row comes first and says
 * "creating" until all is there, so that a crash leaves nothing unknown.
 *
 * @param mutexOf of a container: who finds the row already, and wants something of it, waits until all is there
 * @throws IMAGE_NOT_FOUND, ENGINE_CONTAINER_NAME_TAKEN, ENGINE_NO_COMMAND, and what `checkRequest` throws
 */
export async function createContainer(
  context: EngineContext,
  asked: CreateContainerRequest,
  mutexOf: (id: string) => Mutex,
): Promise<{ id: string; warnings: string[] }> {
  const networked = await settleNetwork(context, withParent(context.store, asked));
  const { warnings } = networked;
  const settled = await withRuntime(context.runtimes, networked.request);
  checkRequest(settled, await context.readFacts());
  checkNetworks(context.networks, settled);
  const linked = withLinks(context, withShared(context.store, settled));
  const image = await context.images.find(linked.image, linked.platform);
  const booting = withSystemd(linked, image.recorded, await context.readFacts());
  const request = { ...booting, mounts: await findMountedImages(context.images, booting.mounts) };
  commandLine(request, image.recorded.defaults);
  await checkSources(request, context);
  const record = addRecord(context, request, image);
  await mutexOf(record.id).run(() => makeWhole(context, record, image));
  return { id: record.id, warnings: [...warnings, ...warningsFor(request, image)] };
}

async function makeWhole(
  context: EngineContext,
  record: ContainerRecord,
  image: ContainerImage,
): Promise<void> {
  try {
    const mounted = mountedManifests(record);
    await context.images.prepare(record.id, image, { mounted, ...lifetimeOf(record) });
    await checkImageSubpaths(context, record.request.mounts);
    await makeVolumes(context, record);
    context.store.setState(record.id, { ...record.state, status: "created" }, true);
    await context.store.settle(record.id);
  } catch (error) {
    await context.images.release(record.id, lifetimeOf(record));
    for (const volume of record.anonymousVolumes) await context.volumes.remove(volume);
    context.store.remove(record.id);
    throw error;
  }
  publishCreate(context, record);
}

/** Says that a container has been made; once. */
export function publishCreate(context: EngineContext, record: ContainerRecord): void {
  publishContainerOnce(context, record, { action: "create", since: record.createdAt });
}

/**
 * All mounts of a container: those of the request, those of other containers, and volumes of the image where there is
 * none of them yet. Those without a name get one.
 *
 * @param inherited see `inheritedMounts`
 */
export function completeMounts(
  request: CreateContainerRequest,
  image: ContainerImage,
  inherited: readonly MountRequest[],
): MountRequest[] {
  const asked = [...request.mounts, ...inherited];
  const taken = new Set(asked.map(({ target }) => target));
  const declared = image.recorded.volumes
    .filter((target) => !taken.has(target))
    .map(
      (target): MountRequest => ({
        type: "volume",
        target,
        readOnly: false,
        noCopy: false,
        labels: {},
        driverOptions: {},
        from: `VOLUME of ${request.image}`,
      }),
    );
  return [...asked, ...declared].map((mount) =>
    mount.type === "volume" && mount.name === undefined ? { ...mount, name: newVolumeName() } : mount,
  );
}

function addRecord(
  context: EngineContext,
  request: CreateContainerRequest,
  image: ContainerImage,
): ContainerRecord {
  const inherited = inheritedMounts(context.store, request);
  const mounts = completeMounts(request, image, inherited);
  const named = new Set(
    [...request.mounts, ...inherited].flatMap((mount) => (mount.type === "volume" ? [mount.name] : [])),
  );
  const record: ContainerRecord = {
    id: newContainerId(),
    name: request.name?.replace(/^\//, "") ?? freeName(context),
    createdAt: new Date().toISOString(),
    request: { ...request, mounts, labels: { ...withoutPlaces(image.recorded.labels), ...request.labels } },
    image: image.recorded,
    anonymousVolumes: mounts.flatMap((mount) =>
      mount.type === "volume" && !named.has(mount.name) ? [mount.name ?? ""] : [],
    ),
    state: newState,
  };
  logSettings(logSubject(record), LOG_FILE);
  // What it lies in may have been removed since it was found.
  const parent = parentOf(record);
  if (parent !== undefined) context.store.find(parent);
  context.store.add(record);
  return record;
}

function freeName({ store }: EngineContext): string {
  for (;;) {
    const name = inventName();
    if (!store.hasName(name)) return name;
  }
}

async function makeVolumes(
  context: EngineContext,
  { id, request, anonymousVolumes }: ContainerRecord,
): Promise<void> {
  for (const mount of request.mounts) {
    if (mount.type !== "volume" || mount.name === undefined) continue;
    const { name, driverOptions: options } = mount;
    const labels = anonymousVolumes.includes(name) ? { ...mount.labels, [ANONYMOUS]: "" } : mount.labels;
    await context.volumes.make({ name, labels, options });
    const directory = await context.volumes.directory(name);
    if (mount.noCopy) continue;
    const { layers } = await context.images.root(id);
    await fillVolume(context.helper, { layers, path: mount.target, directory });
  }
}

function warningsFor(request: CreateContainerRequest, image: ContainerImage): string[] {
  const wanted = request.platform;
  const got = image.recorded;
  if (wanted === undefined || wanted.architecture === got.architecture) return [];
  return [`the image is for ${got.os}/${got.architecture}, not for ${wanted.os}/${wanted.architecture}`];
}
