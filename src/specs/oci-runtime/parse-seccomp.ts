import { seccompActions, seccompArchitectures, seccompFlags, seccompOperators } from "./constants.ts";
import {
  type At,
  below,
  list,
  type OptionalReader,
  object,
  optional,
  type Reader,
  refine,
  refuse,
  required,
} from "./read.ts";
import { filledText, integer, oneOf, textOrNothing, uint64 } from "./scalars.ts";
import type { LinuxSeccomp, LinuxSeccompArg, LinuxSyscall, SeccompAction } from "./types-seccomp.ts";

const argument: Reader<LinuxSeccompArg> = object<LinuxSeccompArg>({
  index: required(integer(0, 5)),
  value: required(uint64),
  valueTwo: optional(uint64),
  op: required(oneOf(seccompOperators)),
});

/** The kernel cuts an errno above 4095 (MAX_ERRNO); the number for a tracer has 16 bits. */
const largest: { [A in SeccompAction]?: number } = { SCMP_ACT_ERRNO: 4095, SCMP_ACT_TRACE: 0xffff };

/**
 * "When the action doesn't support an errno, the runtime MUST print and error and fail."
 * Source: https://github.com/opencontainers/runtime-spec/blob/v1.3.0/config-linux.md#seccomp
 */
function checkErrno(action: SeccompAction, errno: number | undefined, at: At): void {
  const most = largest[action];
  if (errno === undefined || (most !== undefined && errno <= most)) return;
  throw most === undefined
    ? refuse(at, `${action} returns no error number`, "remove it, or use SCMP_ACT_ERRNO or SCMP_ACT_TRACE")
    : refuse(at, `${errno} is too large for ${action}`, `use at most ${most}`);
}

const names: Reader<readonly string[]> = refine(list(filledText), (value, at) => {
  if (value.length > 0) return value;
  throw refuse(at, "it is empty", "name at least one system call or remove the entry");
});

const syscall: Reader<LinuxSyscall> = refine(
  object<LinuxSyscall>({
    names: required(names),
    action: required(oneOf(seccompActions)),
    errnoRet: optional(integer(0, 0xffff)),
    args: optional(list(argument)),
  }),
  (value, at) => {
    checkErrno(value.action, value.errnoRet, below(at, "errnoRet"));
    return value;
  },
);

const filter: Reader<LinuxSeccomp> = refine(
  object<LinuxSeccomp>({
    defaultAction: required(oneOf(seccompActions)),
    defaultErrnoRet: optional(integer(0, 0xffff)),
    architectures: optional(list(oneOf(seccompArchitectures))),
    flags: optional(list(oneOf(seccompFlags))),
    listenerPath: optional(textOrNothing),
    listenerMetadata: optional(textOrNothing),
    syscalls: optional(list(syscall)),
  }),
  (value, at) => {
    checkErrno(value.defaultAction, value.defaultErrnoRet, below(at, "defaultErrnoRet"));
    if (value.listenerMetadata !== undefined && value.listenerPath === undefined) {
      throw refuse(
        below(at, "listenerMetadata"),
        "there is no listenerPath",
        "add listenerPath or remove it",
      );
    }
    return value;
  },
);

/** Reads a filter; one that says nothing is absent, see LinuxSeccomp. */
export const readSeccomp: OptionalReader<LinuxSeccomp> = (value, at) => {
  const { defaultAction, syscalls } = (value ?? {}) as { defaultAction?: unknown; syscalls?: unknown };
  const silent = !defaultAction && (!syscalls || (Array.isArray(syscalls) && syscalls.length === 0));
  return silent && typeof value === "object" && !Array.isArray(value) ? undefined : filter(value, at);
};
