import type { LinuxResources } from "../../specs/oci-runtime/index.ts";
import { cgroupError } from "./errors.ts";
import type { CgroupWrite } from "./writes.ts";

/** What the conversion of one part of a resources object knows about its surroundings. */
export type Section = {
  /** Of the hierarchy that the part's controller is in. */
  readonly version: 1 | 2;
  readonly controller: string;
  /** Name of the document and JSON pointer of the part. */
  readonly document: string;
  readonly pointer: string;
  /** Limits in force when a running container is updated; absent for a new group. */
  readonly before: LinuxResources | undefined;
};

type Extra = Pick<CgroupWrite, "ignore" | "instead">;

/** A write that comes from a member of the part, such as `limit` or `weightDevice/0`. */
export function write(
  { controller, pointer }: Section,
  member: string,
  { file, value, ...extra }: { file: string; value: string | number | bigint } & Extra,
): CgroupWrite {
  return { controller, file, value: String(value), from: `${pointer}/${member}`, ...extra };
}

/** The error for a member whose value cannot be used. */
export function refuse({ document, pointer }: Section, member: string, [reason, hint]: [string, string]) {
  return cgroupError("RESOURCE", `cannot use ${document}#${pointer}/${member}: ${reason}`, {
    hint,
    details: { document, pointer: `${pointer}/${member}` },
  });
}

/** The error for a member that cgroup v2 has no file for. */
export function refuseOnV2(section: Section, member: string, hint = "remove it") {
  return refuse(section, member, ["cgroup v2 cannot express it", hint]);
}

/** 0 stands for "not set" in most members: Docker and containerd write it so, runc and crun read it so. */
export function given<T extends number | bigint>(value: T | undefined): T | undefined {
  return value === undefined || BigInt(value) === 0n ? undefined : value;
}

/** A limit as v2 writes it. */
export function orMax(value: bigint): string {
  return value < 0n ? "max" : String(value);
}
