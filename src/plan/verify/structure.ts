import { lists } from "../ops/define.ts";
import { hostPathsOf, type Op } from "../ops.ts";
import { fieldValue, listsOf, type Plan, phasesOf, slotsOf } from "../plan.ts";
import { at, type Breach, CREATED_BARRIER, find, firstOf, type Rule } from "./rule.ts";

/** Rules about the shape of a plan: places, descriptors, barriers, processes. */
export const structureRules: readonly Rule[] = [
  {
    id: "legal-place",
    reason:
      "an op out of its list or phase acts with other rights and in other namespaces than it was written for",
    source: "docs/plan-reference.md",
    *check(plan) {
      for (const list of lists) {
        for (const [index, phase] of phasesOf(list, plan[list]).entries()) {
          if (phase === undefined) yield at(list, index, `${plan[list][index]?.op} is not legal here`);
        }
      }
    },
  },
  {
    id: "slot-before-use",
    reason: "an op would act on no descriptor, or on the wrong one",
    source: "docs/plan-wire.md",
    *check(plan) {
      const written = new Set<number>();
      for (const { list, items } of listsOf(plan)) {
        for (let index = 0; index < items.length; index += 1) {
          const { reads, writes } = slotsOf(items[index] as Op);
          for (const slot of reads)
            if (!written.has(slot)) yield at(list, index, `slot ${slot} is read before it is written`);
          for (const slot of writes) written.add(slot);
        }
      }
    },
  },
  {
    id: "slot-once",
    reason: "a descriptor that is replaced is lost, and a reader cannot tell which one it gets",
    source: "docs/plan-wire.md",
    *check(plan) {
      const written = new Set<number>();
      for (const { list, items } of listsOf(plan)) {
        for (let index = 0; index < items.length; index += 1) {
          for (const slot of slotsOf(items[index] as Op).writes) {
            if (written.has(slot)) yield at(list, index, `slot ${slot} is written twice`);
            written.add(slot);
          }
        }
      }
    },
  },
  {
    id: "stage-runs-once",
    reason: "lists that nobody runs, or that run twice, are not what was printed",
    source: "docs/plan-wire.md",
    *check(plan) {
      const runs = [...find(plan, "host", "runStage")];
      const needed = plan.stage.length + plan.init.length > 0 ? 1 : 0;
      if (runs.length !== needed)
        yield at("host", runs[1]?.index ?? 0, `runStage stands ${runs.length} times instead of ${needed}`);
    },
  },
  {
    id: "spawn-ends-stage",
    reason: "what follows the clone would run beside the container's process, unordered",
    source: "clone(2)",
    *check(plan) {
      for (const { index } of find(plan, "stage", "spawn")) {
        if (index !== plan.stage.length - 1) yield at("stage", index, "spawn is not the last op of its list");
      }
      if (plan.stage.length > 0 && firstOf(plan.stage, "spawn") < 0)
        yield at("stage", 0, "the stage list clones nothing");
    },
  },
  {
    id: "exec-ends-init",
    reason:
      "an init list that does not end in a program leaves the helper itself running inside the container",
    source: "execve(2), _exit(2)",
    *check(plan) {
      if (plan.init.length === 0) return;
      const index = firstOf(plan.init, "exec", "leave");
      if (index !== plan.init.length - 1)
        yield at("init", Math.max(index, 0), "the init list does not end with its only exec or leave");
    },
  },
  {
    id: "host-path-absolute",
    reason: "a relative path means another file when the working directory of the caller is another",
    source: "path_resolution(7)",
    *check(plan) {
      for (const { list, items } of listsOf(plan)) {
        for (let index = 0; index < items.length; index += 1) {
          const op = items[index] as Op;
          for (const { key } of hostPathsOf(op.op)) {
            const value = String(fieldValue(op, key) ?? "");
            if (value !== "" && !value.startsWith("/"))
              yield at(list, index, `${key} is the relative path ${value}`);
          }
        }
      }
    },
  },
  {
    id: "barriers-pair",
    reason: "a barrier without its other half blocks a process for ever",
    source: "docs/plan-wire.md",
    check: (plan) => [...unpaired(plan, "host", "init"), ...unpaired(plan, "init", "host")],
  },
  {
    id: "join-needs-process",
    reason: "a helper that entered other namespaces itself could no longer do the caller's work",
    source: "setns(2)",
    *check(plan) {
      if (firstOf(plan.stage, "join", "timeNamespace") < 0) return;
      for (const { op, index } of find(plan, "host", "runStage")) {
        if (op.fork !== 1)
          yield at("host", index, "the stage list enters namespaces but gets no process of its own");
      }
    },
  },
];

/** Barriers that `from` waits for and `to` does not release exactly once. awaitStart releases 65535. */
function* unpaired(plan: Plan, from: "host" | "init", to: "host" | "init"): Generator<Breach> {
  const released = [...find(plan, to, "release")].map(({ op }) => op.barrier);
  if (to === "init" && firstOf(plan.init, "awaitStart") >= 0) released.push(CREATED_BARRIER);
  const awaited = [...find(plan, from, "await")];
  for (const { op, index } of awaited) {
    if (released.filter((barrier) => barrier === op.barrier).length !== 1) {
      yield at(from, index, `barrier ${op.barrier} is not released exactly once by ${to}`);
    }
  }
  for (const { op, index } of find(plan, to, "release")) {
    if (!awaited.some((wait) => wait.op.barrier === op.barrier))
      yield at(to, index, `nobody awaits barrier ${op.barrier}`);
  }
}
