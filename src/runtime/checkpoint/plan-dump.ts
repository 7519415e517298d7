import { callFlags, cloneFlags, type Plan, type Slot } from "../../plan/index.ts";
import { planBuilder } from "../planner/builder.ts";
import type { Existing } from "../planner/lifecycle.ts";
import { type CriuOptions, cgroupModes, type ExternalMount, encodeRequest } from "./criu-request.ts";
import { type CheckpointSettings, type CriuSettings, criuLogs } from "./options.ts";

/** The first descriptor that criu gets of those that are passed. */
export const FIRST_PASSED = 4;
/** So much as runc has criu log. */
const LOG_LEVEL = 4;

/** What is known of the container and of criu when a dump begins. */
export type DumpInput = {
  readonly existing: Existing;
  readonly settings: CheckpointSettings;
  /** criu's program and environment. */
  readonly program: string;
  readonly env: readonly string[];
  readonly mounts: readonly ExternalMount[];
  /** Further things that are not dumped, by criu's keys. */
  readonly external: readonly string[];
  /** The group that freezes the container, where there is one. */
  readonly freezer?: string | undefined;
  /** Directory of the hierarchies of control groups, where criu must not mount them itself. */
  readonly yard?: string | undefined;
  readonly configFile?: string | undefined;
};

/** Has criu dump a container's processes into files. */
export function planDump({ existing, settings, program, env, ...input }: DumpInput): Plan {
  const { host, slot, finish } = planBuilder();
  const descriptors: Slot[] = [];
  const { directories, numbers } = passedDirectories(settings);
  let status: number | undefined;
  if (settings.statusFd !== undefined) {
    const out = slot();
    host.push({ op: "inherit", from: "--status-fd", fd: settings.statusFd, out });
    status = FIRST_PASSED + directories.length + descriptors.push(out) - 1;
  }
  const { parent, pageServer } = settings;
  const request = encodeRequest(settings.preDump ? "SINGLE_PRE_DUMP" : "DUMP", {
    ...commonOptions(settings, criuLogs.dump),
    ...numbers,
    root: existing.state.rootfs,
    pid: existing.state.pid,
    statusFd: status,
    leaveRunning: settings.leaveRunning,
    tcpSkipInFlight: settings.tcpSkipInFlight,
    linkRemap: settings.linkRemap,
    ps: pageServer,
    parentImg: parent,
    ...(parent !== undefined && { trackMem: true }),
    extMnt: settings.preDump ? [] : input.mounts,
    external: input.external,
    freezeCgroup: input.freezer,
    cgroupYard: input.yard,
    configFile: input.configFile,
    networkLock: networkLock(settings),
  });
  const [channel, process] = [slot(), slot()];
  host.push(
    {
      op: "callCriu",
      from: "checkpoint",
      path: program,
      args: ["criu", "swrk", "3"],
      env,
      request,
      directories,
      descriptors,
      groups: [],
      mounts: [],
      places: [],
      flags: callFlags.STREAMS,
      channel,
      process,
    },
    { op: "awaitCriu", from: "checkpoint", channel, process },
  );
  return finish();
}

/** The directories of the images and, if there is one of its own, for the log, and the numbers by which criu is told. */
export function passedDirectories({ images, work }: CriuSettings) {
  if (work === undefined) return { directories: [images], numbers: { imagesDirFd: FIRST_PASSED } };
  const numbers = { imagesDirFd: FIRST_PASSED, workDirFd: FIRST_PASSED + 1 };
  return { directories: [images, work], numbers };
}

/** What a dump and a restore tell criu alike. */
export function commonOptions(settings: CriuSettings, logFile: string) {
  const { tcpEstablished, extUnixSk, shellJob, fileLocks, autoDedup, lazyPages, cgroupMode } = settings;
  return {
    logLevel: LOG_LEVEL,
    logFile,
    tcpEstablished,
    extUnixSk,
    shellJob,
    fileLocks,
    autoDedup,
    lazyPages,
    manageCgroups: true,
    ...(cgroupMode !== undefined && { manageCgroupsMode: cgroupModes[cgroupMode] }),
    // The devices of a network are the business of whoever made the namespace, as with runc.
    emptyNs: cloneFlags.NEWNET,
    orphanPtsMaster: true,
  } satisfies Partial<CriuOptions>;
}

/** Without connections to keep there is nothing to hold up, and so no need of iptables. */
export function networkLock({ tcpEstablished }: CriuSettings): number | undefined {
  return tcpEstablished ? undefined : 3;
}
