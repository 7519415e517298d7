export { writeFileAtomic } from "./atomic-file.ts";
export { type Database, type Migration, openDatabase } from "./database.ts";
export { type Digest, isDigest, sha256, splitDigest } from "./digest.ts";
export { drained } from "./drained.ts";
export { ebpf, encodeInstructions, type Instruction } from "./ebpf.ts";
export { type EngineLayout, type EnginePaths, enginePaths } from "./engine-paths.ts";
export {
  defineErrors,
  type ErrorDetails,
  type ErrorKind,
  type ErrorOptions,
  type ErrorRow,
  errnoOf,
  errorTables,
  messageOf,
  redactCredentials,
  TugError,
} from "./error.ts";
export { freeBytes } from "./free-bytes.ts";
export { fullDisk, isFullDisk, plainError } from "./full-disk.ts";
export { ifThere, noSuchPath } from "./if-there.ts";
export { inTurns } from "./in-turns.ts";
export { findJsonFault, type TextPlace } from "./json-fault.ts";
export { type Members, memberReader } from "./json-members.ts";
export { jsonPointer } from "./json-pointer.ts";
export { jsonLogger, type LogFields, type Logger, type LogLevel, silentLogger } from "./logger.ts";
export { createKeyedMutex, createMutex, type Mutex } from "./mutex.ts";
export { openNewFile } from "./new-file.ts";
export { removeTree } from "./remove-tree.ts";
export { readSmallBytes, readSmallFile } from "./small-file.ts";
export { syncDirectory } from "./sync.ts";
export { reasonOf } from "./system-error.ts";
export { workingDirectory } from "./working-directory.ts";
