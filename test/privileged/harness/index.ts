export { type ConfigOptions, MARK, plainConfig, plainNamespaces } from "./config.ts";
export {
  type Container,
  container,
  isDead,
  probe,
  reportOf,
  runContainer,
  type StateReport,
  succeeded,
} from "./container.ts";
export { leftovers, processesOf } from "./leaks.ts";
export { makeRootfs } from "./rootfs.ts";
export { differs, type Outcome, runtimeName, skip } from "./runtime.ts";
export { until } from "./until.ts";
