export { createDockerDoor, type DockerPorts } from "./door.ts";
export { createPlansDoor } from "./plans-door.ts";
export type * from "./routes/archive/port.ts";
export type * from "./routes/containers/port.ts";
export type * from "./routes/exec/port.ts";
export type * from "./routes/images/port.ts";
export type * from "./routes/system/port.ts";
export type * from "./routes/tug/port.ts";
export type { DockerDoor } from "./server.ts";
