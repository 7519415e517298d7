export type { ContainerAttachment } from "./containers/attach.ts";
export type { Explained } from "./containers/explain.ts";
export type { Containers } from "./containers/service.ts";
export type { EngineEvent } from "./events.ts";
export type { ExecStartOptions, Execs } from "./exec/service.ts";
export type { ImageService } from "./images/service.ts";
export type * from "./model/container-stats.ts";
export type * from "./model/container-view.ts";
export type * from "./model/create-request.ts";
export type * from "./model/exec-request.ts";
export type * from "./model/exec-view.ts";
export type * as imageModel from "./model/image-view.ts";
export type * from "./model/mount-request.ts";
export type * from "./model/update-request.ts";
export { type Engine, type EngineOptions, openEngine } from "./open-engine.ts";
export { openPlanner, type Planner, type PlannerOptions } from "./open-planner.ts";

export type { InfoFacts, SystemFacts, VersionFacts } from "./system.ts";
