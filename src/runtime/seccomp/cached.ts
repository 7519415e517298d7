import type { LinuxSeccomp } from "../../specs/oci-runtime/index.ts";
import type { Machine } from "./architectures.ts";
import { compileSeccomp, type SeccompFilter } from "./compile.ts";
import { seccompDigest } from "./digest.ts";

/** More than anybody has profiles; one program has 20 KB at most. */
const MOST = 64;

const byProfile = new WeakMap<LinuxSeccomp, Partial<Record<Machine, SeccompFilter>>>();
const byDigest = new Map<string, SeccompFilter>();

/**
 * What `compileSeccomp` gives for a profile, compiled once for all profiles that say the same.
 *
 * @param profile is not changed after it was given here
 */
export function seccompFilter(profile: LinuxSeccomp, machine: Machine): SeccompFilter {
  const known = byProfile.get(profile) ?? {};
  const filter = known[machine] ?? filterOf(profile, machine);
  byProfile.set(profile, { ...known, [machine]: filter });
  return filter;
}

function filterOf(profile: LinuxSeccomp, machine: Machine): SeccompFilter {
  const digest = seccompDigest(profile, machine);
  const filter = byDigest.get(digest) ?? compileSeccomp(profile, machine);
  // What was used last stands last.
  byDigest.delete(digest);
  byDigest.set(digest, filter);
  const [oldest] = byDigest.keys();
  if (byDigest.size > MOST && oldest !== undefined) byDigest.delete(oldest);
  return filter;
}
