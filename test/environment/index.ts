export { busyboxEntries, busyboxRootfs } from "./busybox.ts";
export { loadBusybox } from "./busybox-image.ts";
export { type GpgHome, makeGpgHome, requireGpg } from "./gpg.ts";
export {
  type BuiltImage,
  buildImage,
  buildIndex,
  type Descriptor,
  dockerArchive,
  type ImageFixture,
  type LayerFixture,
  ociArchive,
  writeOciLayout,
} from "./image.ts";
export {
  type ProbeLine,
  type ProbeReport,
  probeLines,
  probeProgram,
  probeReport,
  type Terminal,
} from "./probe.ts";
export { startProcess, type TestProcess } from "./process.ts";
export { pushImage } from "./push.ts";
export { type Registry, type RegistryOptions, startRegistry } from "./registry.ts";
export {
  debianPackages,
  debianProgram,
  debianRootfs,
  needsErofs,
  needsLoops,
  npmPackages,
  type Requirement,
  requireRoot,
} from "./requirements.ts";
export { type TarEntry, tarArchive } from "./tar.ts";
export { mountsBelow, removeTree, type TemporaryDirectory, temporaryDirectory } from "./temporary.ts";
export { type CommandOptions, type CommandResult, runCommand, startTug, type TugInstance } from "./tug.ts";
export { serveTugRegistry, type TugRegistry } from "./tug-registry.ts";
