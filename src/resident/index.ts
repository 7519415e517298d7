export { type ConnectOptions, connectEngine } from "./connect-engine.ts";
export { checkStart, startEngine } from "./start-engine.ts";
