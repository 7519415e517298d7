export { type Failure, parseExecStatus } from "./answer.ts";
export { helperError, runtimeError } from "./errors.ts";
export {
  createHelper,
  type ExecuteOptions,
  type ExecuteResult,
  type Execution,
  followPlan,
  type Helper,
  type InitProcess,
  type StandardDescriptor,
} from "./helper.ts";
export { type Attachment, type AttachOptions, attachToMonitor } from "./monitor-attach.ts";
export {
  connectMonitor,
  type MonitorControl,
  type MonitorEvent,
  type MonitorStatus,
} from "./monitor-control.ts";
export { type ExitRecord, exitCodeOf, parseExitRecord, readExitRecord } from "./monitor-exit.ts";
export {
  encodeMonitorRequest,
  type MonitorLog,
  type MonitorRequest,
  type MonitorSink,
} from "./monitor-request.ts";
export {
  MONITOR_CONSOLE,
  type MonitoredContainer,
  type MonitorStartOptions,
  startMonitor,
} from "./monitor-start.ts";
export { keepNetworksAhead, type NetworkAhead, type NetworksAhead } from "./network-ahead.ts";
export { type Placeholder, startPlaceholder } from "./placeholder.ts";
export { errnoName, errnoText, failureError } from "./sentence.ts";
export {
  connectAhead,
  executeBy,
  openSpawner,
  type ProcessMaker,
  type Spawner,
  type SpawnerOptions,
  spawnedHelper,
} from "./spawner.ts";
export { openWitness, type Witness } from "./witness.ts";
