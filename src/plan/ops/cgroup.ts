import { field as f } from "../field.ts";
import { defineOps } from "./define.ts";

const host = { host: ["prepare", "attend"] } as const;

/** Control groups, version 1 and 2. */
export const cgroupOps = defineOps({
  cgroupCreate: {
    doc: "Makes a control group and what is missing above it, below an existing mount; fills cpuset.cpus and mems of fresh v1 levels from their parents; enables controllers in the ancestors of a v2 group.",
    source: "https://docs.kernel.org/admin-guide/cgroup-v2.html#enabling-and-disabling",
    legal: { host: ["prepare"] },
    fields: {
      mount: f.hostPath("mount point of the hierarchy"),
      path: f.text("path of the group below it"),
      cpuset: f.u32("1: a v1 cpuset hierarchy", { optional: true }),
      controllers: f.texts(
        "v2: controllers to enable on the way down; one that the kernel refuses is left out",
        { optional: true },
      ),
      out: f.out("the group's directory"),
    },
  },
  cgroupOpen: {
    doc: "Opens the directory of an existing control group.",
    source: "openat2(2)",
    legal: { host: ["prepare", "attend"] },
    fields: { path: f.hostPath("the group's directory"), out: f.out("the group's directory") },
  },
  cgroupSet: {
    doc: "Writes one value into a file of a control group, or another value into another file where the group has none of the first name.",
    source: "cgroups(7)",
    legal: host,
    fields: {
      group: f.in("the group's directory"),
      file: f.text("name of the file"),
      value: f.text("what to write, in one write"),
      elseFile: f.text("name of the other file, empty for none: kernels differ in which they have", {
        optional: true,
      }),
      elseValue: f.text("what to write there", { optional: true }),
    },
  },
  cgroupDevices: {
    doc: "Loads a device program and attaches it to a v2 control group.",
    source: "bpf(2) BPF_PROG_TYPE_CGROUP_DEVICE",
    legal: host,
    fields: { group: f.in("the group's directory"), program: f.bytes("eBPF instructions, 8 bytes each") },
  },
  cgroupKill: {
    doc: "Kills every process of a control group and of the groups below it and waits until they are gone.",
    source: "https://docs.kernel.org/admin-guide/cgroup-v2.html cgroup.kill; on v1 a loop over cgroup.procs",
    legal: host,
    fields: {
      path: f.hostPath("the group's directory"),
      signal: f.u32("signal number"),
      timeout: f.u32("milliseconds to wait for an empty group, 0: do not wait"),
    },
  },
  cgroupRemove: {
    doc: "Removes a control group and the empty ones below it, trying again while the kernel says EBUSY.",
    source: "cgroups(7)",
    legal: host,
    fields: { path: f.hostPath("the group's directory"), timeout: f.u32("milliseconds to go on trying") },
  },
  cgroupFreeze: {
    doc: "Freezes every process of a control group and of the groups below it, or lets them go on, and waits until it is so; a group that cannot be frozen in time goes on (ETIMEDOUT).",
    source:
      "https://docs.kernel.org/admin-guide/cgroup-v2.html cgroup.freeze; on v1 Documentation/admin-guide/cgroup-v1/freezer-subsystem.rst",
    legal: host,
    fields: {
      path: f.hostPath("the group's directory, on v1 in the freezer hierarchy"),
      frozen: f.u32("1: freeze, 0: go on"),
      timeout: f.u32("milliseconds to wait"),
    },
  },
  cgroupVacate: {
    doc: "Moves every process of a v2 group into one below it, which is made where it is missing: a group that hands controllers on has no processes of its own.",
    source: "https://docs.kernel.org/admin-guide/cgroup-v2.html#no-internal-process-constraint",
    legal: { host: ["prepare"] },
    fields: {
      path: f.hostPath("the group's directory"),
      leaf: f.text("name of the group below it"),
    },
  },
  cgroupJoin: {
    doc: "Moves the calling single-threaded process into a group: 0 into tasks on v1, which waits for no grace period, 0 into cgroup.procs on v2.",
    source: "kernel/cgroup/cgroup-v1.c __cgroup1_procs_write",
    legal: { stage: ["enter"], init: ["enter"] },
    fields: { group: f.in("the group's directory"), version: f.u32("1 or 2") },
  },
});
