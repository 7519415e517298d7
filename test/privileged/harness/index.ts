export { type ConfigOptions, MARK, plainConfig, plainNamespaces } from "./config.ts";
export {
  type Container,
  container,
  createdPid,
  isDead,
  namesIn,
  probe,
  reportOf,
  runContainer,
  type StateReport,
  succeeded,
} from "./container.ts";
export { counter, criuHas, dump, imagesOf, lacksCriu, restore, withCriu } from "./criu.ts";
export { type Group, groupFile, groupOf, lacksController } from "./groups.ts";
export { leftovers, processesOf } from "./leaks.ts";
export { type MountSpace, mountSpace } from "./mount-space.ts";
export {
  FIRST_SUBORDINATE,
  lacksMappers,
  makeReachable,
  type OrdinaryUser,
  ordinaryUser,
  SUBORDINATES,
} from "./ordinary-user.ts";
export { makeRootfs } from "./rootfs.ts";
export { differs, type Outcome, runtimeName, skip } from "./runtime.ts";
export { call, verbs } from "./syscalls.ts";
export { type Caller, type Listener, listenForTerminal, runAtTerminal } from "./terminal.ts";
export { until } from "./until.ts";
