import { removeTree } from "../../base/index.ts";
import {
  type CheckpointSettings,
  type CriuSettings,
  dumpContainer,
  type Existing,
  findCriu,
  loadExisting,
  planKillAll,
} from "../../runtime/index.ts";
import { publishContainer } from "../containers/events.ts";
import { whileFrozen } from "../containers/freeze.ts";
import { childrenOf } from "../containers/parent.ts";
import type { ContainerRecord } from "../containers/record.ts";
import { isRunning, requireRunning } from "../containers/stop.ts";
import type { EngineContext } from "../context.ts";
import { engineError } from "../errors.ts";
import { isHostImage } from "../images/host-image.ts";
import type { CheckpointRequest } from "../model/checkpoint.ts";
import { handlerOf } from "../runtimes/work.ts";
import { finishCheckpoint, makeUnfinished, requireFree } from "./files.ts";
import { checkCheckpointName, checkpointsOf, unfinishedPath } from "./place.ts";
import { criuSettings } from "./settings.ts";

const SIGKILL = 9;

/**
 * Makes a checkpoint of a running container, which is ended then unless it is left running.
 *
 * The container is frozen while criu writes, and goes on afterwards: it is ended only when the checkpoint has its place.
 * So an engine that dies at any moment leaves either a container that runs or a checkpoint that is whole, or both.
 *
 * @throws ENGINE_CHECKPOINT, ENGINE_CHECKPOINT_NAME, ENGINE_CHECKPOINT_NAME_TAKEN, ENGINE_CONTAINER_NOT_RUNNING,
 *   CONTAINER_CRIU, CONTAINER_CHECKPOINT with criu's own words
 */
export async function makeCheckpoint(
  context: EngineContext,
  record: ContainerRecord,
  request: CheckpointRequest,
): Promise<void> {
  const { name, leaveRunning } = request;
  requireRunning(record);
  checkCheckpointName(name);
  const directory = checkpointsOf(context.layout, record.id, request.directory);
  requireWhole(context, record, request);
  await requireFree(directory, { name, container: record.name });
  const criu = await context.findCriu();
  await findCriu(criu);
  const unfinished = unfinishedPath(directory, name);
  const begun = setDumping(context, record, unfinished);
  try {
    await onlyItsOwn(context, begun);
    const endpoints = context.networks
      .endpoints({ container: record.id })
      .map(({ network, ipv4, ipv6, mac }) => ({ network, ipv4, ipv6, mac }));
    const finish = () => finishCheckpoint(unfinished, directory, { name, endpoints });
    await makeUnfinished(unfinished);
    const existing = await loadExisting(context.layout.containerRun(record.id), "state");
    await whileFrozen(context, begun, async () => {
      const settings = criuSettings(context, record, { criu, images: unfinished });
      await dumpContainer(context.helper, existing, dumpSettings(settings, existing));
      if (leaveRunning) return;
      await finish();
      // Nobody starts it again but by hand. None of its processes sees that it goes on.
      const { state } = context.store.find(record.id);
      context.store.setState(record.id, { ...state, byHand: true, dumping: undefined }, true);
      await context.helper.execute(planKillAll(existing, SIGKILL));
    });
    if (leaveRunning) await finish();
  } finally {
    await removeTree(unfinished);
    setDumping(context, context.store.find(record.id), undefined);
  }
  publishContainer(context, record, "checkpoint");
}

/** The container goes on: whoever ends it does that later. */
function dumpSettings(settings: CriuSettings, { spec }: Existing): CheckpointSettings {
  const mounts = spec?.mounts ?? [];
  return {
    ...settings,
    leaveRunning: true,
    preDump: false,
    tcpSkipInFlight: false,
    linkRemap: false,
    outside: {
      network: true,
      // Views of images, which the engine puts together again.
      mounts: mounts.filter(({ type }) => type === "overlay").map(({ destination }) => destination),
    },
  };
}

/** Written before anything is made. */
function setDumping(
  { store }: EngineContext,
  record: ContainerRecord,
  dumping: string | undefined,
): ContainerRecord {
  const state = { ...record.state, dumping };
  store.setState(record.id, state);
  return { ...record, state };
}

/** Refuses what criu would find more or less of than it can write down. @throws ENGINE_CHECKPOINT */
function requireWhole(
  context: EngineContext,
  record: ContainerRecord,
  { leaveRunning, directory }: CheckpointRequest,
): void {
  const { id, request } = record;
  const refuse = (reason: string, hint: string) => refusal(record, reason, hint);
  if (handlerOf(context, record) !== undefined)
    throw refuse(`it runs with runtime ${request.runtime}`, "use the default runtime, tug");
  if (request.init === true)
    throw refuse("its pid 1 is tug's own, whose program is none of its files", "make it without --init");
  if (request.systemd === "always")
    throw refuse("systemd boots in it, whose mounts criu cannot write down", "make it without --systemd");
  if (request.namespaces.pid?.mode === "host")
    throw refuse("its processes are numbered among the machine's", "make it without --pid host");
  if (isHostImage(request.image))
    throw refuse("it shows the host's files, and what it writes goes with it", "run an image");
  const part = request.mounts.find((mount) => "subpath" in mount && mount.subpath !== undefined);
  if (part !== undefined)
    throw refuse(
      `a part of a volume or image is mounted on ${part.target}`,
      "mount the whole, without a subpath",
    );
  if (request.autoRemove && !leaveRunning && !directory)
    throw refuse(
      "it is removed when it ends, and its checkpoints with it",
      "use --leave-running, or --checkpoint-dir",
    );
  if (childrenOf(context.store, id).some(isRunning))
    throw refuse("other containers run inside of it", "stop those first");
}

/**
 * Waits for the end of health checks, after which no program is begun in the container any more.
 *
 * @throws ENGINE_CHECKPOINT where somebody's program runs in it beside its own
 */
async function onlyItsOwn({ execs }: EngineContext, record: ContainerRecord): Promise<void> {
  const other = execs.begunIn(record.id).find(({ record: { purpose } }) => purpose !== "health");
  if (other === undefined) return execs.allEnded(record.id);
  const words = other.record.request.args.join(" ").slice(0, 80);
  throw refusal(
    record,
    `a program that was started by exec runs in it (${words})`,
    "wait for its end, or end it",
  );
}

function refusal({ name }: ContainerRecord, reason: string, hint: string): Error {
  return engineError("CHECKPOINT", `cannot checkpoint container ${name}: ${reason}`, { hint });
}
