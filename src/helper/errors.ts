import { defineErrors } from "../base/index.ts";

/** Failures of the helper itself, as opposed to those of an op. */
export const helperError = defineErrors("HELPER", {
  MISSING: { kind: "unavailable", when: "the helper program is not there or cannot be executed" },
  MISMATCH: { kind: "unavailable", when: "the helper was built from another op table" },
  LOST: { kind: "internal", when: "the helper ended without an answer" },
  SPAWNER: { kind: "unavailable", when: "the process that makes the engine's processes cannot be started" },
  PROTOCOL: { kind: "internal", when: "an answer of the helper cannot be understood" },
  DIGEST: { kind: "internal", when: "the helper reports another plan than the one it was sent" },
  MONITOR_LOST: { kind: "unavailable", when: "the monitor of a container is gone" },
  MONITOR_SILENT: { kind: "unavailable", when: "the monitor of a container does not answer" },
  MONITOR_REFUSED: { kind: "conflict", when: "a monitor cannot do what it was asked for" },
  MONITOR_SETUP: { kind: "internal", when: "a monitor cannot make what a container needs beside its plan" },
});

/** Failures of one op of a plan, by what the op does. `details` has errno, op, list, index, path, from. */
export const runtimeError = defineErrors("RUNTIME", {
  CGROUP: { kind: "internal", when: "a control group cannot be made, set, joined or removed" },
  CONSOLE: { kind: "internal", when: "the terminal cannot be made or handed over" },
  CRIU: { kind: "internal", when: "criu failed to dump or to restore the processes of a container" },
  DEVICE: { kind: "internal", when: "a device node or link cannot be made" },
  FILE: { kind: "internal", when: "a file or socket of the host cannot be used" },
  HANDLER: {
    kind: "internal",
    when: "the program of another OCI runtime failed, was killed or took too long",
  },
  HOOK: { kind: "internal", when: "a hook failed, was killed or took too long" },
  IDENTITY: { kind: "internal", when: "user, groups, capabilities, filter or limits cannot be set" },
  MOUNT: { kind: "invalid", when: "a mount cannot be made, changed or attached" },
  NETWORK: { kind: "internal", when: "a network namespace or something in one cannot be made or changed" },
  NAMESPACE: { kind: "internal", when: "a namespace cannot be made or entered" },
  PROCESS: { kind: "internal", when: "a process cannot be made, started, signalled or waited for" },
  PROGRAM_NOT_FOUND: { kind: "invalid", when: "the program to run does not exist in the container" },
  PROGRAM_NOT_EXECUTABLE: { kind: "invalid", when: "the program exists but cannot be executed" },
  WORKDIR: { kind: "invalid", when: "the working directory cannot be entered" },
});
