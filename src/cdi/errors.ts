import { defineErrors } from "../base/index.ts";

/** Failures of devices that are described by files (CDI). */
export const cdiError = defineErrors("CDI", {
  SPEC: { kind: "invalid", when: "a file that describes CDI devices cannot be read, or has a wrong member" },
  DEVICE: { kind: "invalid", when: "no file describes a CDI device, or several do that have equal rank" },
  NODE: {
    kind: "invalid",
    when: "the host has no such device node as the description of a CDI device wants",
  },
  UNSUPPORTED: {
    kind: "notImplemented",
    when: "the description of a CDI device wants what containers here cannot have",
  },
});
