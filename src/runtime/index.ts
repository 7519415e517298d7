export { allCapabilities, capabilityNames, namesOfMask } from "./capabilities.ts";
export { type CgroupLayout, cgroupLayout } from "./cgroups/layout.ts";
export { checkpointContainer, dumpContainer } from "./checkpoint/checkpoint.ts";
export { type CgroupMode, cgroupModes } from "./checkpoint/criu-request.ts";
export { type CriuSearch, findCriu } from "./checkpoint/find-criu.ts";
export type { CheckpointSettings, CriuSettings, RestoreSettings } from "./checkpoint/options.ts";
export {
  explainRestore,
  type PreparedRestore,
  prepareRestore,
  restoreContainer,
} from "./checkpoint/restore.ts";
export {
  defaultCapabilities,
  defaultDeviceRules,
  defaultMaskedPaths,
  defaultMounts,
  defaultReadonlyPaths,
  defaultSeccomp,
  defaultSpec,
  rootlessSpec,
} from "./defaults/index.ts";
export { type Features, runtimeFeatures } from "./features.ts";
export {
  type HandlerCall,
  handlerFiles,
  handlerPath,
  type RuntimeHandler,
} from "./handler/handler.ts";
export {
  type HandlerWork,
  planHandlerCreate,
  planHandlerExec,
  planHandlerWork,
} from "./handler/plan.ts";
export {
  type CreateOptions,
  createContainer,
  createPlan,
  type GroupDriver,
  readConfig,
} from "./lifecycle/create.ts";
export {
  type ContainerEvent,
  containerEvents,
  containerStats,
} from "./lifecycle/events.ts";
export { type ExecOptions, execInContainer, presentGroups, processOf } from "./lifecycle/exec.ts";
export { checkId, loadExisting } from "./lifecycle/existing.ts";
export { freezeContainer, isFrozen } from "./lifecycle/freezer.ts";
export { createKnownPlans, type KnownPlans } from "./lifecycle/known-plans.ts";
export { deleteContainer, killContainer, removeContainer, startContainer } from "./lifecycle/operate.ts";
export { containerPids } from "./lifecycle/processes.ts";
export { type ContainerReport, containerReport, containerReports, processIds } from "./lifecycle/report.ts";
export type { RuntimeContext } from "./lifecycle/runtime.ts";
export { signalNumber } from "./lifecycle/signals.ts";
export { isAlive, statusOf } from "./lifecycle/status.ts";
export { updateContainer } from "./lifecycle/update.ts";
export { createBindings, planCreate } from "./planner/create.ts";
export { planKey } from "./planner/create-key.ts";
export { type ExecInput, planExec } from "./planner/exec.ts";
export type { UnprivilegedCaller } from "./planner/id-maps.ts";
export {
  type Attendance,
  type ConsoleTarget,
  type CreateInput,
  type LayeredRoot,
  type MountSource,
  type PlanFacts,
  planFacts,
  type RootSource,
} from "./planner/input.ts";
export { type Existing, planFreeze, planKillAll, planStart } from "./planner/lifecycle.ts";
export { planUpdate } from "./planner/update.ts";
export { planInRoot, type RootView, type RootWork, type StoredView } from "./planner/view.ts";
export type { StoredState } from "./state.ts";
export { type GroupFiles, groupFiles, readOomKills } from "./stats/index.ts";
