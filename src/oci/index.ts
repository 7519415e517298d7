export { createKnownPlans, type KnownPlans } from "../runtime/index.ts";
export { commands, type EnvironmentMaker, type OciGlobals, ociVersion, runOci } from "./app.ts";
export { DEFAULT_ROOT, defaultRoot, isRootless, unprivilegedCaller } from "./caller.ts";
export type { OciCommand, OciEnvironment } from "./command.ts";
export { inheritedDescriptors } from "./descriptors.ts";
export { type ExplainedBundle, explainConfig } from "./explain.ts";
export { ociLogger } from "./log.ts";
