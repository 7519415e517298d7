export { FOREIGN_CODE } from "./answer-error.ts";
export type { AttachedStreams } from "./attached-streams.ts";
export { type Client, connect } from "./connect.ts";
export type * from "./container-calls.ts";
export type { ExecCalls, ExecStartOptions, TerminalSize } from "./exec-calls.ts";
export type { FileCalls, WriteFilesOptions } from "./file-calls.ts";
export type { ImageCalls, PullOptions } from "./image-calls.ts";
export type { ListNetworksOptions, NetworkCalls } from "./network-calls.ts";
export type { EventsOptions, SystemCalls, TugCalls } from "./system-calls.ts";
