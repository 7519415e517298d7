export { type ConnectOptions, connectEngine } from "./connect-engine.ts";
export { startEngine } from "./start-engine.ts";
