export { connectMachineEngine, engineRoots, type MachineEngineOptions } from "./machine-engine.ts";
export { packagedNode } from "./packaged-node.ts";
