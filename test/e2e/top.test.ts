import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { needsBox, until, useEngine } from "./harness/index.ts";

describe("tug top", { skip: needsBox() }, () => {
  const engine = useEngine();

  const rows = async (...args: string[]) =>
    (await engine.ok(["top", ...args]))
      .trim()
      .split("\n")
      .map((line) => line.trim().split(/ {2,}|(?<=\d) +(?=\d)/));

  test("it lists what runs in the container and nothing else, with the host's numbers", async () => {
    await engine.ok([
      "run",
      "-d",
      "--name",
      "topped",
      "-u",
      "77:78",
      "box",
      "sh",
      "-c",
      "sleep 900 & sleep 901; :",
    ]);
    await until("both sleep", async () => (await rows("topped")).length === 4);
    const [titles, first, ...others] = await rows("topped");
    assert.deepEqual(titles, ["UID", "PID", "PPID", "C", "STIME", "TTY", "TIME", "CMD"]);
    const pid = (await engine.ok(["inspect", "-f", "{{.State.Pid}}", "topped"])).trim();
    assert.deepEqual([first?.[0], first?.[1], first?.at(-1)], ["77", pid, "sh -c sleep 900 & sleep 901; :"]);
    assert.deepEqual(
      others.map((row) => [row[2], row.at(-1)]),
      [
        [pid, "sleep 900"],
        [pid, "sleep 901"],
      ],
    );
    const [, ...columns] = await rows("topped", "-eo", "pid,ppid,ruid,rgid,comm");
    const [own] = columns.map((row) => row.join(" ").split(/ +/));
    const parent = /^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
    assert.deepEqual(own, [pid, parent, "77", "78", "sh"]);
    await engine.ok(["exec", "-d", "topped", "sleep", "902"]);
    await until("exec shows", async () => (await engine.ok(["top", "topped", "aux"])).includes("sleep 902"));
  });

  test("a program that names itself badly does not reach the terminal", async () => {
    const script = "sleep 903; : \x1b]0;x\x07";
    await engine.ok(["run", "-d", "--name", "named", "box", "sh", "-c", script]);
    await until("it sleeps", async () => (await engine.ok(["top", "named"])).includes("903"));
    const shown = await engine.ok(["top", "named"]);
    assert.match(shown, /sleep 903; : \?\]0;x\?\n/);
  });

  test("what it cannot list is refused", async () => {
    const refused = await engine.tug(["top", "named", "-o", "pid,colour"]);
    assert.deepEqual([refused.code, /unknown option or column "colour"/.test(refused.stderr)], [1, true]);
    await engine.ok(["create", "--name", "idle", "box"]);
    const idle = await engine.tug(["top", "idle"]);
    assert.match(idle.stderr, /^tug: cannot list the processes of container idle: it is not running\n/);
    assert.match((await engine.tug(["top", "absent"])).stderr, /No such container: absent/);
  });

  test("the processes of a paused container are listed", async () => {
    await engine.ok(["pause", "named"]);
    assert.match(await engine.ok(["top", "named"]), /903/);
  });
});
