export { FOREIGN_CODE } from "./answer-error.ts";
export type { AttachedStreams } from "./attached-streams.ts";
export type { CheckpointCalls, CheckpointOptions, CheckpointPlace } from "./checkpoint-calls.ts";
export { type Client, connect } from "./connect.ts";
export type {
  AttachOptions,
  CallOptions,
  ContainerCalls,
  CreateOptions,
  ListContainersOptions,
  LogsOptions,
  StartOptions,
  StatsOptions,
  StopOptions,
  Waiting,
} from "./container-calls.ts";
export { canceled } from "./errors.ts";
export type { ExecCalls, ExecStartOptions, TerminalSize } from "./exec-calls.ts";
export type { FileCalls, WriteFilesOptions } from "./file-calls.ts";
export type { CommitOptions, ImageCalls, ImportRequest, PullOptions } from "./image-calls.ts";
export type { ConfigCalls, ConfigOptions, SecretCalls, SecretOptions } from "./named-data-calls.ts";
export type { ListNetworksOptions, NetworkCalls } from "./network-calls.ts";
export type { PlaceOptions, RemoteImageCalls, SignaturesOptions } from "./remote-image-calls.ts";
export type { SocketCalls } from "./socket-calls.ts";
export type { EventsOptions, SystemCalls, TugCalls } from "./system-calls.ts";
export type { ListVolumesOptions, VolumeCalls } from "./volume-calls.ts";
