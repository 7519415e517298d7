import { field as f } from "../field.ts";
import { defineOps } from "./define.ts";

const identity = { init: ["identity"] } as const;
const final = { init: ["final"] } as const;

/** Becoming the user, and the program. */
export const identityOps = defineOps({
  session: {
    doc: "Makes the process leader of a new session.",
    source: "setsid(2)",
    legal: { init: ["enter"] },
    fields: {},
  },
  rlimit: {
    doc: "Sets a resource limit of the calling process.",
    source: "prlimit(2)",
    legal: { stage: ["enter"], init: ["enter"] },
    fields: { resource: f.u32("RLIMIT_ number"), soft: f.u64("soft limit"), hard: f.u64("hard limit") },
  },
  oomScore: {
    doc: "Sets how likely the OOM killer is to choose the process.",
    source: "proc_pid_oom_score_adj(5)",
    legal: { stage: ["enter"], init: ["enter"] },
    fields: { value: f.text("-1000 to 1000") },
  },
  keyring: {
    doc: "Joins a fresh session keyring.",
    source: "keyctl(2) KEYCTL_JOIN_SESSION_KEYRING",
    legal: identity,
    fields: {
      name: f.text("name of the keyring"),
      label: f.text("its SELinux label", { optional: true }),
    },
  },
  personality: {
    doc: "Sets the execution domain.",
    source: "personality(2)",
    legal: identity,
    fields: { persona: f.u32("persona") },
  },
  ioPriority: {
    doc: "Sets class and level of the I/O priority.",
    source: "ioprio_set(2)",
    legal: { init: ["enter"] },
    fields: { value: f.u32("class << 13 | level") },
  },
  scheduler: {
    doc: "Sets how the calling process is scheduled.",
    source: "sched_setattr(2)",
    legal: identity,
    fields: {
      policy: f.u32("SCHED_ number"),
      flags: f.u64("SCHED_FLAG_ bits", { optional: true }),
      nice: f.u32("nice value in two's complement", { optional: true }),
      priority: f.u32("static priority", { optional: true }),
      runtime: f.u64("nanoseconds", { optional: true }),
      deadline: f.u64("nanoseconds", { optional: true }),
      period: f.u64("nanoseconds", { optional: true }),
    },
  },
  affinity: {
    doc: "Sets the processors that the calling process may run on.",
    source: "sched_setaffinity(2)",
    legal: { stage: ["enter"], init: ["enter"] },
    fields: { mask: f.bytes("bit mask, the lowest bit of the first byte is processor 0") },
  },
  memoryPolicy: {
    doc: "Sets from which memory nodes the calling process gets its pages.",
    source: "set_mempolicy(2)",
    legal: { init: ["enter"] },
    fields: {
      mode: f.u32("MPOL_ number and flags"),
      nodes: f.bytes("bit mask of nodes, a multiple of 8 bytes; empty for none", { optional: true }),
    },
  },
  umask: {
    doc: "Sets the file mode creation mask.",
    source: "umask(2)",
    legal: identity,
    fields: { mask: f.u32("the mask", { form: "octal" }) },
  },
  noNewPrivileges: {
    doc: "Sets no_new_privs for ever.",
    source: "prctl(2) PR_SET_NO_NEW_PRIVS",
    legal: identity,
    fields: {},
  },
  boundingSet: {
    doc: "Drops every capability outside the mask from the bounding set.",
    source: "capabilities(7)",
    legal: identity,
    fields: { mask: f.u64("capabilities to keep") },
  },
  idSwitch: {
    doc: "Sets supplementary groups, group and user, in that order, keeping the capabilities.",
    source: "credentials(7)",
    legal: identity,
    fields: {
      uid: f.u32("user id"),
      gid: f.u32("group id"),
      groups: f.numbers("supplementary groups", { optional: true }),
      keepGroups: f.u32("1: leave the supplementary groups as they are", { optional: true }),
    },
  },
  capabilities: {
    doc: "Sets the permitted, effective, inheritable and ambient capabilities.",
    source: "capset(2)",
    legal: identity,
    fields: {
      effective: f.u64("mask"),
      permitted: f.u64("mask"),
      inheritable: f.u64("mask"),
      ambient: f.u64("mask"),
    },
  },
  seccomp: {
    doc: "Loads a system call filter. One that leaves calls to an agent is handed to it before anything else happens, by a process that is not filtered, and the connection is closed.",
    source: "seccomp(2), seccomp_unotify(2)",
    legal: { init: ["identity", "final"] },
    fields: {
      filter: f.bytes("classic BPF instructions, 8 bytes each"),
      flags: f.u32("SECCOMP_FILTER_FLAG_ bits", { optional: true }),
      listener: f.in("connection to the agent that the filter asks", { optional: true }),
      state: f.text(
        "what the agent is sent with the filter's descriptor; %p is the pid outside, %% one per cent sign",
        { optional: true },
      ),
    },
  },
  execLabel: {
    doc: "Sets the security label that the next exec takes, through a procfs that was checked to be one.",
    source: "CVE-2019-16884",
    legal: identity,
    fields: { module: f.text("apparmor or selinux"), label: f.text("what to write") },
  },
  homeVariable: {
    doc: "Adds HOME to the program's environment: what the root's /etc/passwd says about the user, else /.",
    source: "passwd(5)",
    legal: identity,
    fields: { uid: f.u32("user id") },
  },
  workDirectory: {
    doc: "Changes to the working directory and checks that it lies inside the root; where the user may not enter it, it stays there if a try before had the right to.",
    source: "CVE-2024-21626",
    legal: identity,
    fields: {
      path: f.text("the directory"),
      optional: f.u32("1: try only, the user may be the one who may enter it", { optional: true }),
    },
  },
  findProgram: {
    doc: "Checks that the program exists and may be executed: by its path, or along PATH.",
    source: "execvp(3)",
    legal: identity,
    fields: { program: f.text("as given by the user"), path: f.text("value of PATH") },
  },
  awaitStart: {
    doc: "Says that the container is created, then blocks until one byte arrives; from here on a failure goes to the exec-status FIFO.",
    source: "fifo(7)",
    legal: final,
    fields: { start: f.in("the start FIFO"), status: f.in("the exec-status FIFO") },
  },
  becomeInit: {
    doc: "Forks: the child goes on with the list, the process itself stays as pid 1, reaps every orphan and passes signals on.",
    source: "pid_namespaces(7)",
    legal: final,
    fields: { title: f.text("process title") },
  },
  leave: {
    doc: "Ends the process without a program: what it has made was for the host list alone.",
    source: "_exit(2)",
    legal: final,
    fields: {},
  },
  exec: {
    doc: "Marks every descriptor above the kept ones close-on-exec and becomes the program.",
    source: "execve(2), close_range(2); CVE-2024-21626",
    legal: final,
    fields: {
      args: f.texts("arguments, the first names the program"),
      env: f.texts("its environment"),
      keep: f.u32("how many descriptors after standard error stay open", { optional: true }),
    },
  },
});
