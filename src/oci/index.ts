export { commands, type EnvironmentMaker, type OciGlobals, runOci } from "./app.ts";
export type { OciCommand, OciEnvironment } from "./command.ts";
export { type ExplainedBundle, explainBundle } from "./explain.ts";
export { ociLogger } from "./log.ts";
