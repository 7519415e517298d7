import { type Digest, sha256 } from "../../base/index.ts";
import type { LinuxSeccomp } from "../../specs/oci-runtime/index.ts";
import type { Machine } from "./architectures.ts";
import { syscallTableDigest } from "./syscalls.gen.ts";

/** Changes when the same profile compiles to another program than before. */
const COMPILER_REVISION = 1;

/**
 * A key under which a compiled filter can be kept: equal for profiles that compile to the same program and flags,
 * different when the profile, the machine, the table of system calls or the compiler differ. Where the descriptor of
 * a listener goes is not part of it.
 */
export function seccompDigest(profile: LinuxSeccomp, machine: Machine): Digest {
  const { defaultAction, defaultErrnoRet, architectures = [], flags, syscalls = [] } = profile;
  const rules = syscalls.map(({ names, action, errnoRet, args = [] }) => [
    names,
    action,
    errnoRet ?? null,
    args.map(({ index, value, valueTwo = 0n, op }) => [index, `${value}`, `${valueTwo}`, op]),
  ]);
  const versions = [COMPILER_REVISION, syscallTableDigest, machine];
  return sha256(
    JSON.stringify([versions, defaultAction, defaultErrnoRet ?? null, architectures, flags ?? null, rules]),
  );
}
