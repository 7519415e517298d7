import { defineErrors } from "../../base/index.ts";

/** Raises the failures of control groups. */
export const cgroupError = defineErrors("CGROUP", {
  LAYOUT: { kind: "unavailable", when: "no control group hierarchy is mounted where the caller can see it" },
  PATH: {
    kind: "invalid",
    when: "a cgroupsPath that cannot be used: it leaves the hierarchy, or names a unit of systemd in a wrong way or place",
  },
  FREEZER: { kind: "unavailable", when: "no control group hierarchy of the machine can freeze processes" },
  DEVICES: { kind: "invalid", when: "device rules that cgroup v1 cannot express, or too many of them" },
  RESOURCE: {
    kind: "invalid",
    when: "a limit that this version of control groups cannot express, or that contradicts another",
  },
});
