// tug-oci as of runc before 1.1.2: every capability that a program is permitted is also inheritable.
import { buffer } from "node:stream/consumers";
import { createHelper, type Helper } from "../../../src/helper/index.ts";
import { readHostFacts } from "../../../src/host/index.ts";
import { inheritedDescriptors, ociLogger, runOci } from "../../../src/oci/index.ts";
import type { Op, OutgoingPlan, Plan } from "../../../src/plan/index.ts";

const [path = "", ...words] = process.argv.slice(2);
const stderr = (text: string): void => void process.stderr.write(text);
const stdout = (text: string): void => void process.stdout.write(text);

const inheriting = (op: Op): Op =>
  op.op === "capabilities" ? { ...op, inheritable: op.permitted ?? 0n } : op;
const change = (plan: Plan | OutgoingPlan): Plan => {
  const ops = "ops" in plan ? plan.ops() : plan;
  return { ...ops, init: ops.init.map(inheriting) };
};
const real = createHelper(path, process);
const helper: Helper = {
  start: (plan, options) => real.start(change(plan), options),
  execute: (plan, options) => real.execute(change(plan), options),
};

process.exitCode = await runOci(
  words,
  (globals) => {
    const logger = ociLogger({ file: undefined, format: "text", debug: false }, stderr);
    return {
      cwd: process.cwd(),
      env: process.env,
      uid: 0,
      pid: process.pid,
      inheritedDescriptors: inheritedDescriptors(),
      stdout,
      stdin: () => buffer(process.stdin),
      logger,
      runtime: async () => ({
        root: globals.root ?? "",
        helper,
        facts: await readHostFacts(),
        logger,
        owner: 0,
      }),
    };
  },
  { stdout, stderr, version: "" },
);
