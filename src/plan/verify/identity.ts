import type { OpName } from "../ops.ts";
import { listsOf } from "../plan.ts";
import { at, find, firstOf, lastOf, type Rule } from "./rule.ts";

/** Ops that may still run under the container's own system call filter. */
const filtered: readonly OpName[] = [
  "capabilities",
  "workDirectory",
  "findProgram",
  "awaitStart",
  "hook",
  "becomeInit",
  "exec",
];

/** Ops whose failure always ends the plan. */
const strict: readonly OpName[] = [
  "boundingSet",
  "idSwitch",
  "capabilities",
  "noNewPrivileges",
  "seccomp",
  "execLabel",
  "pivot",
  "moveRoot",
  "changeRoot",
  "mask",
  "readOnly",
  "propagation",
  "join",
  "cgroupDevices",
];

/** Rules about becoming the user. */
export const identityRules: readonly Rule[] = [
  {
    id: "identity-complete",
    reason: "what is not set is inherited from the engine: its user, its capabilities",
    source: "capabilities(7)",
    *check(plan) {
      if (plan.init.length === 0 || firstOf(plan.init, "leave") >= 0) return;
      for (const name of ["idSwitch", "capabilities"] as const) {
        const count = [...find(plan, "init", name)].length;
        if (count !== 1)
          yield at("init", plan.init.length - 1, `${name} stands ${count} times instead of once`);
      }
    },
  },
  {
    id: "bounding-set-before-switch",
    reason: "dropping from the bounding set needs CAP_SETPCAP, which the user does not have",
    source: "capabilities(7)",
    *check(plan) {
      const id = firstOf(plan.init, "idSwitch");
      const bounding = firstOf(plan.init, "boundingSet");
      if (id >= 0 && (bounding < 0 || bounding > id))
        yield at("init", id, "the bounding set is not cut down before it");
    },
  },
  {
    id: "capabilities-after-switch",
    reason: "a change of the user id clears the sets that were set before",
    source: "capabilities(7)",
    *check(plan) {
      const set = firstOf(plan.init, "capabilities");
      if (set >= 0 && set < firstOf(plan.init, "idSwitch"))
        yield at("init", set, "the user id changes after it");
    },
  },
  {
    id: "filter-permitted",
    reason: "the kernel loads a filter for no_new_privs or for CAP_SYS_ADMIN only",
    source: "seccomp(2)",
    *check(plan) {
      const promised = firstOf(plan.init, "noNewPrivileges");
      const dropped = firstOf(plan.init, "capabilities");
      for (const { index } of find(plan, "init", "seccomp")) {
        const allowed = (promised >= 0 && promised < index) || index < dropped;
        if (!allowed)
          yield at("init", index, "neither no_new_privs is set nor are the capabilities still there");
      }
    },
  },
  {
    id: "filter-last",
    reason: "set-up under the filter fails with the filter's errno, and what runs before it is not filtered",
    source: "seccomp(2)",
    *check(plan) {
      const filter = lastOf(plan.init, "seccomp");
      if (filter < 0) return;
      for (const [index, op] of plan.init.entries()) {
        if (index > filter && !filtered.includes(op.op))
          yield at("init", index, `${op.op} runs under the container's filter`);
      }
    },
  },
  {
    id: "filter-before-hooks",
    reason: "a startContainer hook is a program of the image: it must not run without the filter",
    source: "https://github.com/opencontainers/runtime-spec/blob/v1.3.0/config.md#startcontainer-hooks",
    *check(plan) {
      const filter = lastOf(plan.init, "seccomp");
      const start = firstOf(plan.init, "awaitStart");
      for (const { index } of find(plan, "init", "hook")) {
        if (start >= 0 && index > start && index < filter)
          yield at("init", index, "the hook runs before the filter is loaded");
      }
    },
  },
  {
    id: "directory-as-user",
    reason:
      "the working directory may be one that the user alone may enter, and it is checked to lie inside the root",
    source: "CVE-2024-21626",
    *check(plan) {
      const id = firstOf(plan.init, "idSwitch");
      if (id >= 0 && lastOf(plan.init, "workDirectory") < id)
        yield at("init", id, "no working directory is entered as the user");
    },
  },
  {
    id: "start-hook-after-start",
    reason: "a startContainer hook runs when the user starts the container, not when it is created",
    source: "https://github.com/opencontainers/runtime-spec/blob/v1.3.0/runtime.md#lifecycle",
    *check(plan) {
      const start = firstOf(plan.init, "awaitStart");
      const pivot = firstOf(plan.init, "pivot", "moveRoot", "changeRoot");
      for (const { index } of find(plan, "init", "hook")) {
        if (index > pivot && pivot >= 0 && index < start)
          yield at("init", index, "the hook runs before start");
      }
    },
  },
  {
    id: "program-checked-before-created",
    reason: "create must fail where the program is missing, not start",
    source: "https://github.com/opencontainers/runtime-spec/blob/v1.3.0/runtime.md#create",
    *check(plan) {
      const start = firstOf(plan.init, "awaitStart");
      const check = firstOf(plan.init, "findProgram");
      if (start >= 0 && (check < 0 || check > start))
        yield at("init", start, "the program is not looked for before it");
    },
  },
  {
    id: "terminal-in-own-session",
    reason: "a controlling terminal can be taken by the leader of a session without one only",
    source: "ioctl_tty(2) TIOCSCTTY",
    *check(plan) {
      const console = firstOf(plan.init, "console");
      if (console >= 0 && firstOf(plan.init, "session") < 0)
        yield at("init", console, "the process leads no session");
    },
  },
  {
    id: "never-ignored",
    reason: "a protection whose failure is ignored is no protection",
    source: "CVE-2019-16884",
    *check(plan) {
      for (const { list, items } of listsOf(plan)) {
        for (const [index, { op, ignore = [] }] of items.entries()) {
          if (ignore.length > 0 && strict.includes(op))
            yield at(list, index, `${op} ignores ${ignore.join(", ")}`);
        }
      }
    },
  },
];
