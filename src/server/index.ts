export { parseDefaultNetwork } from "../engine/index.ts";
export { type ServeOptions, type Serving, serve } from "./serve.ts";
export { type ServePlansOptions, servePlans } from "./serve-plans.ts";
export { type ServiceManager, takeServiceManager } from "./service-manager.ts";
