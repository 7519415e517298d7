import type { Command } from "../arguments/command.ts";
import { attach } from "./container/attach.ts";
import { kill, pause, remove, rename, unpause, wait } from "./container/change.ts";
import { checkpoints, createCheckpoint, removeCheckpoint } from "./container/checkpoint.ts";
import { commit } from "./container/commit.ts";
import { cp } from "./container/cp.ts";
import { create } from "./container/create.ts";
import { diff } from "./container/diff.ts";
import { exec } from "./container/exec.ts";
import { exportContainer } from "./container/export.ts";
import { logs } from "./container/logs.ts";
import { port } from "./container/port.ts";
import { pruneContainers } from "./container/prune.ts";
import { ps } from "./container/ps.ts";
import { run } from "./container/run.ts";
import { start } from "./container/start.ts";
import { stats } from "./container/stats.ts";
import { restart, stop } from "./container/stop.ts";
import { top } from "./container/top.ts";
import { update } from "./container/update.ts";
import { why } from "./container/why/why.ts";
import { createContext, removeContext, useContext } from "./context/change.ts";
import { inspectContext } from "./context/inspect.ts";
import { contexts, showContext } from "./context/list.ts";
import { removeImage, save, tag } from "./image/change.ts";
import { diffImages } from "./image/diff.ts";
import { history } from "./image/history.ts";
import { images } from "./image/images.ts";
import { importImage } from "./image/import.ts";
import { load } from "./image/load.ts";
import { pruneImages } from "./image/prune.ts";
import { pull } from "./image/pull.ts";
import { push } from "./image/push.ts";
import { copyImage } from "./image/remote/copy.ts";
import { deleteImage } from "./image/remote/delete.ts";
import { imageDigest } from "./image/remote/digest.ts";
import { listTags } from "./image/remote/list-tags.ts";
import { sync } from "./image/remote/sync.ts";
import { search } from "./image/search.ts";
import { generateKey } from "./image/signature/generate-key.ts";
import { signImage } from "./image/signature/sign.ts";
import { verifyImage } from "./image/signature/verify.ts";
import { squash } from "./image/squash.ts";
import { tree } from "./image/tree.ts";
import { inspect, inspectContainer, inspectImage, inspectNetwork, inspectVolume } from "./inspect.ts";
import { createConfig, createSecret, removeConfig, removeSecret } from "./named-data/change.ts";
import { inspectConfig, inspectSecret } from "./named-data/inspect.ts";
import { configs, secrets } from "./named-data/list.ts";
import { createNetwork, pruneNetworks, removeNetwork } from "./network/change.ts";
import { connectNetwork, disconnectNetwork } from "./network/connect.ts";
import { explainPort } from "./network/explain.ts";
import { networks } from "./network/list.ts";
import { explain, explainRun } from "./plan/explain.ts";
import { login } from "./registry/login.ts";
import { logout } from "./registry/logout.ts";
import { serveRegistry } from "./registry/serve.ts";
import { createSocket, removeSocket } from "./socket/change.ts";
import { inspectSocket, sockets } from "./socket/list.ts";
import { check } from "./system/check.ts";
import { completion, createCompleteCommand } from "./system/completion.ts";
import { df } from "./system/df.ts";
import { dialStdio } from "./system/dial-stdio.ts";
import { engine } from "./system/engine.ts";
import { events } from "./system/events.ts";
import { info } from "./system/info.ts";
import { pruneSystem } from "./system/prune.ts";
import { printService } from "./system/service.ts";
import { version } from "./system/version.ts";
import { createVolume, pruneVolumes, removeVolume } from "./volume/change.ts";
import { cloneVolume, exportVolume, importVolume, renameVolume } from "./volume/contents.ts";
import { volumes } from "./volume/list.ts";

/** Every command of the program. */
export const commands: readonly Command[] = [
  run,
  create,
  start,
  stop,
  restart,
  kill,
  pause,
  unpause,
  wait,
  remove,
  rename,
  update,
  attach,
  exec,
  ps,
  cp,
  commit,
  createCheckpoint,
  checkpoints,
  removeCheckpoint,
  diff,
  port,
  pruneContainers,
  top,
  stats,
  logs,
  why,
  exportContainer,
  inspectContainer,
  pull,
  search,
  push,
  load,
  save,
  tag,
  images,
  history,
  tree,
  diffImages,
  squash,
  removeImage,
  pruneImages,
  importImage,
  copyImage,
  sync,
  listTags,
  imageDigest,
  deleteImage,
  signImage,
  verifyImage,
  generateKey,
  inspectImage,
  inspect,
  networks,
  createNetwork,
  removeNetwork,
  connectNetwork,
  disconnectNetwork,
  explainPort,
  inspectNetwork,
  pruneNetworks,
  configs,
  createConfig,
  removeConfig,
  inspectConfig,
  secrets,
  createSecret,
  removeSecret,
  inspectSecret,
  volumes,
  createVolume,
  removeVolume,
  inspectVolume,
  renameVolume,
  cloneVolume,
  exportVolume,
  importVolume,
  pruneVolumes,
  contexts,
  createContext,
  useContext,
  showContext,
  inspectContext,
  removeContext,
  login,
  logout,
  serveRegistry,
  explain,
  explainRun,
  info,
  version,
  events,
  df,
  check,
  pruneSystem,
  printService,
  dialStdio,
  sockets,
  createSocket,
  inspectSocket,
  removeSocket,
  engine,
  completion,
  createCompleteCommand(() => commands),
];
