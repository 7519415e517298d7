export {
  type ApiVersion,
  formatApiVersion,
  NEWEST_API_VERSION,
  OLDEST_API_VERSION,
  parseApiVersion,
} from "./api-version.ts";
export type { CheckedAux, CheckProblem } from "./check.ts";
export { type Checkpoint, type CheckpointBody, parseCheckpointBody } from "./checkpoint.ts";
export { parseCommitBody } from "./commit-body.ts";
export {
  type ContainerCreated,
  type ContainerInspect,
  type ContainerState,
  type ContainerStatus,
  type ContainerSummary,
  type ContainersPruned,
  type ContainerTop,
  type EndpointSettings,
  type FilesystemChange,
  type Health,
  type LegacyNetworkSettings,
  type MountPoint,
  NEVER,
  type PortSummary,
  type PublishedPort,
  type WaitCondition,
  type WaitResponse,
  waitConditions,
} from "./container.ts";
export type { ContainerConfig, HealthConfig } from "./container-config.ts";
export { type CreateBody, parseCreateBody } from "./create-body.ts";
export { createDetachDetector, DEFAULT_DETACH_KEYS, type Detached, parseDetachKeys } from "./detach-keys.ts";
export { ENGINE_HEADER } from "./engine-name.ts";
export type { EngineProcess } from "./engine-process.ts";
export { dockerApiError } from "./errors.ts";
export type { EventMessage } from "./event.ts";
export {
  type ExecBody,
  type ExecCreated,
  type ExecInspect,
  type ExecStartBody,
  parseExecBody,
  parseExecStartBody,
} from "./exec.ts";
export type { ExplainedPlan } from "./explain.ts";
export { type Filters, formatFilters, parseFilters } from "./filters.ts";
export type { DeviceMapping, HostConfig, PortBinding, Ulimit } from "./host-config.ts";
export { humanDuration } from "./human-duration.ts";
export type {
  ImageConfig,
  ImageDeleted,
  ImageDifference,
  ImageHistoryEntry,
  ImageInspect,
  ImageSearchHit,
  ImageSummary,
  ImagesPruned,
  ImageTree,
} from "./image.ts";
export {
  type ImageSignature,
  parseSignBody,
  type SignatureForm,
  type SignBody,
  type SignedImage,
  signatureForms,
} from "./image-signature.ts";
export type { AnswerHead, InnerAnswer, InnerCall, InnerDoor } from "./inner-call.ts";
export { mediaTypes } from "./media-types.ts";
export { type Mount, type Propagation, propagations } from "./mount.ts";
export {
  type Config,
  type ConfigFile,
  type DataCreateBody,
  MAX_CONFIG,
  MAX_SECRET,
  parseDataCreateBody,
  type Secret,
  type SecretFile,
} from "./named-data.ts";
export {
  type Network,
  type NetworkConnectBody,
  type NetworkContainer,
  type NetworkCreateBody,
  type NetworkCreated,
  type NetworkDisconnectBody,
  type NetworksPruned,
  type PortExplained,
  parseNetworkConnectBody,
  parseNetworkCreateBody,
  parseNetworkDisconnectBody,
} from "./network.ts";
export { PARENT_LABEL } from "./parent-label.ts";
export {
  formatPathStat,
  goFileMode,
  isGoDirectory,
  isGoSymlink,
  PATH_STAT_HEADER,
  type PathStat,
  parsePathStat,
} from "./path-stat.ts";
export { formatPlatform, type Platform, parsePlatform } from "./platform.ts";
export type { ErrorBody, ErrorExtension, ProgressMessage } from "./progress.ts";
export { fullReference, splitReference, taggedReference } from "./reference.ts";
export {
  type AuthAnswer,
  formatRegistryAuth,
  parseAuthBody,
  parseRegistryAuth,
  type RegistryAuth,
} from "./registry-auth.ts";
export {
  parseServeRegistryBody,
  type RegistryMessage,
  type ServedRequest,
  type ServeRegistryBody,
} from "./registry-server.ts";
export {
  type CopiedAux,
  type CopyBody,
  type DistributionInspect,
  type LookedImage,
  type PlaceAccess,
  parseCopyBody,
} from "./remote-image.ts";
export {
  parseSocketCreateBody,
  SCOPE_LABEL,
  type Socket,
  type SocketCreateBody,
  type SocketQuota,
} from "./socket.ts";
export type { SpaceKeeper } from "./space-keeper.ts";
export type {
  BlkioEntry,
  BlkioStats,
  CpuStats,
  MemoryStats,
  NetworkStats,
  StatsResponse,
} from "./stats.ts";
export {
  createFrameDecoder,
  encodeFrameHeader,
  type OutputChunk,
  type OutputStream,
  writeFrameHeader,
} from "./stream-frame.ts";
export type { BuildCacheEntry, DiskUsage, SystemInfo, SystemVersion } from "./system.ts";
export { SYSTEMD_LABEL, type SystemdMode, systemdModes } from "./systemd-label.ts";
export { type ContainerUpdated, parseUpdateBody, type UpdateBody } from "./update-body.ts";
export {
  parseVolumeCreateBody,
  type Volume,
  type VolumeCreateBody,
  type VolumeList,
  type VolumesPruned,
  type VolumeUsage,
} from "./volume.ts";
export { parseVolumeSpec, type VolumeSpec } from "./volume-spec.ts";
export type { ContainerWhy, EndCause, WhyDifference, WhyEnd, WhyPressure, WhyTraces } from "./why.ts";
