import assert from "node:assert/strict";
import { existsSync, readFileSync, rmdirSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { checkout } from "../../tools/test/cache.ts";
import {
  debianProgram,
  loadBusybox,
  requireRoot,
  runCommand,
  startTug,
  type TugInstance,
} from "../environment/index.ts";
import { groupOf } from "../privileged/harness/index.ts";
import {
  agrees,
  consoleBlocks,
  needsTerminal,
  perform,
  startShell,
  type TestTerminal,
} from "./harness/index.ts";

const page = readFileSync(join(checkout, "docs/walk.md"), "utf8");
const groupPrograms = (["cgcreate", "cgset", "cgexec"] as const).map(debianProgram);
const skip =
  requireRoot() ||
  needsTerminal() ||
  debianProgram("busybox").skip ||
  groupPrograms.map((program) => program.skip).find(Boolean) ||
  false;

describe("docs/walk.md", { skip }, () => {
  const version = `cgroup-v${groupOf("self", "memory")?.version}`;
  let instance: TugInstance;
  let terminal: TestTerminal;

  before(async () => {
    instance = await startTug();
    await loadBusybox(instance);
    terminal = await startShell(instance, { programs: groupPrograms.map(({ path }) => path), columns: 200 });
  });
  after(async () => {
    await terminal?.[Symbol.asyncDispose]();
    if (instance === undefined) return;
    await runCommand(["tug-oci", "--root", join(instance.directory, "oci"), "delete", "--force", "c1"]);
    removeGroups();
    await instance[Symbol.asyncDispose]();
  });

  test("each command prints what the page shows", async () => {
    const blocks = consoleBlocks(page).filter(({ words }) => words.length === 0 || words.includes(version));
    const steps = blocks.flatMap((block) => block.steps);
    assert.ok(steps.length > 20, "the page has lost its commands");
    for (const step of steps) {
      const lines = await perform(terminal, step);
      assert.ok(
        agrees(step, lines),
        `${step.command}\n${lines.join("\n")}\nis not\n${step.output.join("\n")}`,
      );
    }
  });

  test("the plan has each op that the tables name, from the place that they name", async () => {
    const limits = ["--memory", "100m", "--cpu-shares", "512", "--cpus", "2", "--hostname", "h"];
    const { code, stdout, stderr } = await instance.tug(["explain", "run", ...limits, "busybox"]);
    assert.equal(code, 0, stderr);
    const ops = namedOps(page);
    assert.ok(ops.length > 10, "the page has lost its tables");
    for (const { op, from } of ops) assert.match(stdout, new RegExp(` ${op}( .*)? # ${from ?? ".*"}$`, "m"));
  });
});

/** The ops in the page's tables, each with the place in config.json that the table says it comes from. */
function namedOps(text: string): { op: string; from: string | undefined }[] {
  const rows = [...text.matchAll(/^\| (.*) \|$/gm)].map(([, row = ""]) => row.split(" | "));
  return rows.flatMap((cells) => {
    const [, op] = /^`(\w+)`$/.exec(cells.at(cells.length === 3 ? 1 : 0) ?? "") ?? [];
    const [, from] = /^`(\/.*)`$/.exec(cells.at(-1) ?? "") ?? [];
    return op === undefined ? [] : [{ op, from }];
  });
}

/** Where a command of the walk has failed, the groups that it made are still there. */
function removeGroups(): void {
  for (const directory of ["/sys/fs/cgroup", "/sys/fs/cgroup/memory", "/sys/fs/cgroup/cpu"]) {
    if (existsSync(join(directory, "walk"))) rmdirSync(join(directory, "walk"));
  }
}
