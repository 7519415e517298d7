import assert from "node:assert/strict";
import { test } from "node:test";
import { container, differs, processesOf, skip, succeeded, until } from "./harness/index.ts";

test("ps lists the container's processes by the host's numbers, those of exec too", { skip }, async () => {
  await using made = await container({ args: ["probe", "fork", "2", ",", "sleep", "100"] });
  const { output } = succeeded(await made.run(["--detach"]));
  await until("they are there", () => output().includes('"verb":"fork"'));
  const exec = made.runtime(["exec", made.id, "sleep", "100"]);
  const ids = async () =>
    JSON.parse(succeeded(await made.runtime(["ps", "--format", "json", made.id])).stdout) as number[];
  const found = await until("the other is there", async () => {
    const pids = await ids();
    return pids.length === 4 && pids;
  });
  const own = processesOf(made.id).map(({ pid }) => pid);
  assert.ok(found.every((pid) => own.includes(pid)));
  succeeded(await made.delete("--force"));
  assert.equal((await exec).code, 137);
});

test("ps prints a table as ps -ef does, or with other options of ps", {
  skip: skip || differs({ runc: "wants a ps program", crun: "has no table" }),
}, async () => {
  await using made = await container({ args: ["sleep", "100"] });
  succeeded(await made.run(["--detach"]));
  const { pid } = await made.state();
  const [titles = "", row = "", ...more] = succeeded(await made.runtime(["ps", made.id])).stdout.split("\n");
  assert.match(titles, /^UID +PID +PPID +C +STIME +TTY +TIME +CMD$/);
  assert.match(row, new RegExp(`^root +${pid} .* sleep 100$`));
  assert.deepEqual(more, [""]);
  assert.equal(
    succeeded(await made.runtime(["ps", made.id, "-o", "pid,comm"])).stdout,
    `${["PID".padEnd(String(pid).length), "COMMAND"].join(" ")}\n${pid} sleep\n`,
  );
});

test("a stopped container has no processes, a missing one is an error", {
  skip: skip || differs({ runc: "1.1 finds no group", crun: "says null" }),
}, async () => {
  await using made = await container({ args: ["true"] });
  const missing = await made.runtime(["ps", made.id]);
  assert.notEqual(missing.code, 0);
  assert.match(missing.stderr, /does not exist/);
  succeeded(await made.run(["--detach"]));
  await made.stopped();
  assert.equal(succeeded(await made.runtime(["ps", "--format", "json", made.id])).stdout, "[]\n");
});

test("an unknown format or option of ps is refused", { skip }, async () => {
  await using made = await container({ args: ["sleep", "100"] });
  succeeded(await made.run(["--detach"]));
  for (const words of [
    ["--format", "yaml", made.id],
    [made.id, "--nosuch"],
  ]) {
    assert.notEqual((await made.runtime(["ps", ...words])).code, 0);
  }
});
