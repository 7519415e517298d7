import type { EngineContext } from "../context.ts";
import { mergeHealthcheck } from "../health/check.ts";
import type { Health } from "../health/state.ts";
import type { Container, ContainerState, MountPoint } from "../model/container-view.ts";
import type { DataMount, MountRequest } from "../model/mount-request.ts";
import { linksOf } from "../networks/links.ts";
import { hostNameOf, networkOwner } from "../networks/owner.ts";
import { viewConnections } from "../networks/view.ts";
import { mergeEnvironment } from "../spec/environment.ts";
import { commandLine } from "../spec/process.ts";
import type { Volumes } from "../volumes/volumes.ts";
import { networkFilePaths } from "./network-files.ts";
import { LOG_FILE } from "./prepare-run.ts";
import type { ContainerRecord } from "./record.ts";

/** A container as the doors show it. */
export function viewContainer(
  { layout, execs, networks, health, store, volumes }: EngineContext,
  record: ContainerRecord,
): Container {
  const { id, name, createdAt, request, image } = record;
  const [path = "", ...args] = commandLine(request, image.defaults);
  const directory = layout.container(id);
  return {
    id,
    name,
    createdAt,
    imageId: image.id,
    spec: {
      ...request,
      command:
        request.command ?? (request.entrypoint === undefined ? (image.defaults.Cmd ?? undefined) : undefined),
      entrypoint: request.entrypoint ?? image.defaults.Entrypoint ?? undefined,
      env: mergeEnvironment(image.defaults.Env ?? [], request.env),
      workingDir: request.workingDir ?? image.defaults.WorkingDir,
      user: request.user ?? image.defaults.User,
      hostname: hostNameOf(store, record),
      healthcheck: mergeHealthcheck(request.healthcheck, image.defaults),
    },
    path,
    args,
    state: viewState(record, health.get(id)),
    restartCount: record.state.restartCount,
    planDigest: record.state.planDigest,
    driver: "overlay",
    os: image.os,
    mounts: request.mounts.flatMap((mount) =>
      mount.type === "secret" || mount.type === "config" ? [] : [viewMount(volumes, mount)],
    ),
    files: {
      log: ["json-file", undefined].includes(request.logging.driver) ? `${directory}/${LOG_FILE}` : "",
      ...networkFilePaths(layout.containerRun(networkOwner(store, record).id)),
    },
    execIds: execs.idsOf(id, record.state),
    ...viewConnections(networks, record),
    links: linksOf({ networks, store }, record).map(({ target, alias }) => ({
      container: target.name,
      alias,
    })),
  };
}

function viewState({ state }: ContainerRecord, health: Health | undefined): ContainerState {
  const { status, pid, exitCode, error, oomKilled, startedAt, finishedAt } = state;
  const shown = status === "creating" ? "created" : status === "starting" ? beforeStart(state) : status;
  return { status: shown, pid, exitCode, error, oomKilled, startedAt, finishedAt, health };
}

/** What a container that is being started was before. */
export function beforeStart({
  restartCount,
  finishedAt,
}: ContainerRecord["state"]): ContainerState["status"] {
  if (restartCount > 0) return "restarting";
  return finishedAt === undefined ? "created" : "exited";
}

function viewMount(volumes: Volumes, mount: Exclude<MountRequest, DataMount>): MountPoint {
  const common = { destination: mount.target, writable: !mount.readOnly, mode: mount.readOnly ? "ro" : "" };
  switch (mount.type) {
    case "bind":
      return { ...common, type: "bind", source: mount.source, propagation: mount.propagation || "rprivate" };
    case "volume":
      return {
        ...common,
        type: "volume",
        name: mount.name,
        source: volumes.path(mount.name ?? ""),
        driver: "local",
        propagation: "",
      };
    case "tmpfs":
      return { ...common, type: "tmpfs", source: "", propagation: "" };
    case "image":
      return { ...common, type: "image", source: mount.image, propagation: "" };
  }
}
