import { defineErrors } from "../base/index.ts";

/** Failures of what the doors ask of the engine. */
export const engineError = defineErrors("ENGINE", {
  CAPABILITY: { kind: "invalid", when: "a capability's name is unknown" },
  CONTAINER_NOT_FOUND: { kind: "notFound", when: "no container has this name or id" },
  CONTAINER_AMBIGUOUS: { kind: "invalid", when: "the beginning of an id fits several containers" },
  CONTAINER_NAME: { kind: "invalid", when: "a container's name has characters that names cannot have" },
  CONTAINER_NAME_TAKEN: { kind: "conflict", when: "another container has the name" },
  CONTAINER_RUNNING: { kind: "conflict", when: "the container runs, and what was asked needs it not to" },
  CONTAINER_NOT_RUNNING: {
    kind: "conflict",
    when: "the container does not run, and what was asked needs it to",
  },
  CONTAINER_PAUSED: {
    kind: "conflict",
    when: "the container's processes are frozen, and what was asked needs them to run",
  },
  CONTAINER_NOT_PAUSED: { kind: "conflict", when: "a container that is to go on is not paused" },
  RUN_DIRECTORY: { kind: "forbidden", when: "the directory of the sockets is not the engine's alone" },
  CONTAINER_STATE: { kind: "notModified", when: "the container is already in the state asked for" },
  CONTAINER_START: { kind: "invalid", when: "the container's program could not be started" },
  DEVICE: { kind: "invalid", when: "a device of the host cannot be handed to a container" },
  EXEC_NOT_FOUND: { kind: "notFound", when: "no exec session has this id" },
  EXEC_START: { kind: "invalid", when: "a program could not be started in a running container" },
  EXEC_STATE: {
    kind: "conflict",
    when: "an exec session was started before, does not run, or belongs to an earlier run of its container",
  },
  HANDLER: {
    kind: "invalid",
    when: "a runtime is not configured, its program is missing or others than root may write to it, or the container cannot have it",
  },
  LINK: {
    kind: "invalid",
    when: "a container is to be linked to one that is not there, or that has no network of its own",
  },
  LINK_STOPPED: {
    kind: "conflict",
    when: "a container that is to start has a link to one that does not run",
  },
  LOG_DRIVER: { kind: "notImplemented", when: "a container's log was not kept, so that it cannot be read" },
  LOG_OPTION: { kind: "invalid", when: "a log driver or one of its options is unknown or has a wrong value" },
  LOG_SINK: { kind: "unavailable", when: "nobody is where a container's log driver hands its lines on to" },
  MONITOR_LOST: {
    kind: "internal",
    when: "a container's monitor ended without a record of the container's end",
  },
  MOUNT: { kind: "invalid", when: "a mount's source is missing or of the wrong kind" },
  NO_COMMAND: { kind: "invalid", when: "neither the request nor the image names a program to run" },
  PATH: { kind: "invalid", when: "a path in a container is not what it must be to be copied from or to" },
  PATH_NOT_FOUND: { kind: "notFound", when: "a path does not exist in a container" },
  PATH_READ_ONLY: { kind: "forbidden", when: "a path in a container lies on something read-only" },
  NETWORK_SHARED: {
    kind: "forbidden",
    when: "a container is to be connected to a network that has no network namespace of its own",
  },
  NETWORK_MEMBER: {
    kind: "forbidden",
    when: "a stopped container is put on a network that it is on already, or taken from one that it is not on",
  },
  NETWORK_MISSING: {
    kind: "unavailable",
    when: "a container publishes ports and names no network, and this machine cannot have the default one",
  },
  NETWORK_PREDEFINED: { kind: "forbidden", when: "a network is to go that every engine has" },
  REQUEST: { kind: "invalid", when: "a value of a create request cannot be used on this machine" },
  SECCOMP: { kind: "invalid", when: "a system call profile cannot be read" },
  SECRET_IN_USE: { kind: "conflict", when: "a secret is to go that containers have" },
  SECRET_INVALID: { kind: "invalid", when: "a secret has no usable name, is empty or too large" },
  SECRET_NAME_TAKEN: { kind: "conflict", when: "another secret has the name" },
  SECRET_NOT_FOUND: { kind: "notFound", when: "no secret has this name" },
  SECRET_VARIABLE: { kind: "invalid", when: "what a secret holds cannot be the value of a variable" },
  SIGNAL: { kind: "invalid", when: "a signal's name or number is unknown" },
  SOCKET_NAME_TAKEN: { kind: "conflict", when: "another scoped socket has the name" },
  SOCKET_NOT_FOUND: { kind: "notFound", when: "no scoped socket has this name" },
  UNSUPPORTED: {
    kind: "notImplemented",
    when: "an option is understood but this engine does not have it yet",
  },
  UPDATE: { kind: "conflict", when: "a limit or policy contradicts others that a container has" },
  VOLUME_IN_USE: {
    kind: "conflict",
    when: "a volume is to go, or to get another name, that containers have",
  },
  VOLUME_NAME_TAKEN: { kind: "conflict", when: "another volume has the name" },
  VOLUME_NOT_FOUND: { kind: "notFound", when: "no volume has this name" },
  USER: { kind: "invalid", when: "a user or group is not in the container's passwd or group file" },
});
