import { defineErrors } from "../base/index.ts";

/** Failures of the low-level runtime. The wording of some is what callers of runc look for. */
export const lifecycleError = defineErrors("CONTAINER", {
  EXISTS: { kind: "conflict", when: "a container with this id exists already" },
  ID: { kind: "invalid", when: "an id has characters that ids cannot have" },
  NOT_FOUND: { kind: "notFound", when: "there is no container with this id" },
  NOT_RUNNING: { kind: "conflict", when: "the container has stopped, or was not started" },
  PAUSED: {
    kind: "conflict",
    when: "the container is paused, or is not paused, and would have to be otherwise",
  },
  NOT_CREATED: { kind: "conflict", when: "start was asked of a container that runs already or has stopped" },
  NOT_STOPPED: { kind: "conflict", when: "delete without force was asked of a container that still runs" },
  GROUP: {
    kind: "conflict",
    when: "the control group of a container has processes, is frozen, or is not there",
  },
  RESCTRL: {
    kind: "conflict",
    when: "a class of service is asked for that cannot be had on this machine, or that has other values",
  },
  IN_USE: { kind: "conflict", when: "a limit of memory is to be lowered below what is in use" },
  BUNDLE: {
    kind: "invalid",
    when: "a bundle, its config.json or its root file system is missing or unusable",
  },
  UNSUPPORTED: {
    kind: "notImplemented",
    when: "a configuration asks for something that is not supported yet",
  },
  UNPRIVILEGED: {
    kind: "forbidden",
    when: "a caller without privileges asks for what takes them, or for ids that are not mapped",
  },
  CRIU: { kind: "unavailable", when: "criu is not there, does not run, or is too old" },
  CHECKPOINT: {
    kind: "conflict",
    when: "a container cannot be dumped or restored, or the files of a dump are not there",
  },
  STATE: { kind: "dataLoss", when: "a container's state file is damaged" },
  SIGNAL: { kind: "invalid", when: "a signal's name or number is unknown" },
  CONSOLE: {
    kind: "invalid",
    when: "a terminal is asked for without a place for it, or the other way round",
  },
});
