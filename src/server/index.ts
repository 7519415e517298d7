export { parseDefaultNetwork, parseSnapshotter } from "../engine/index.ts";
export { parseDirectories } from "./parse-directories.ts";
export { type ServeOptions, type Serving, serve } from "./serve.ts";
export { type ServePlansOptions, servePlans } from "./serve-plans.ts";
export { type ServiceManager, takeServiceManager } from "./service-manager.ts";
