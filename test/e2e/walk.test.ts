import assert from "node:assert/strict";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmdirSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
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
  startTerminal,
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
    terminal = await openTerminal(instance);
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

/** A shell in an empty directory with the programs of the walk on its PATH. */
async function openTerminal({ directory, env }: TugInstance): Promise<TestTerminal> {
  const programs = join(directory, "bin");
  const cwd = join(directory, "walk");
  const helper = join(checkout, "dist/helper/tug-helper");
  for (const path of [programs, join(directory, "real"), cwd]) mkdirSync(path);
  symlinkSync(helper, join(programs, "tug"));
  symlinkSync(helper, join(directory, "real/tug-oci"));
  // The machine's own containers are not the test's.
  const words = `'${directory}/real/tug-oci' --root '${directory}/oci' "$@"`;
  writeFileSync(join(programs, "tug-oci"), `#!/bin/sh\nexec ${words}\n`);
  chmodSync(join(programs, "tug-oci"), 0o755);
  for (const { path } of groupPrograms) symlinkSync(path, join(programs, path.split("/").at(-1) ?? ""));
  const { TUG_DATA_ROOT = "", TUG_RUN_ROOT = "" } = env;
  const path = `${programs}:${process.env.PATH}`;
  const shell = await startTerminal("sh", {
    cwd,
    env: { PATH: path, LC_ALL: "C", TUG_DATA_ROOT, TUG_RUN_ROOT },
    columns: 200,
  });
  await shell.endsWith(/^#$/);
  return shell;
}

/** Where a command of the walk has failed, the groups that it made are still there. */
function removeGroups(): void {
  for (const directory of ["/sys/fs/cgroup", "/sys/fs/cgroup/memory", "/sys/fs/cgroup/cpu"]) {
    if (existsSync(join(directory, "walk"))) rmdirSync(join(directory, "walk"));
  }
}
