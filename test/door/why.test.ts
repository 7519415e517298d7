import assert from "node:assert/strict";
import { test } from "node:test";
import type { RunEnd } from "../../src/engine/index.ts";
import { openCli } from "./cli.ts";

const at = "2026-01-04T02:04:05Z";
const startedAt = "2026-01-04T02:04:02.5Z";
const end = (change: Partial<RunEnd>): RunEnd => ({
  cause: "exited",
  at,
  startedAt,
  exitCode: 1,
  error: "",
  ...change,
});

test("why tells the whole story in words, and in JSON", async () => {
  await using cli = await openCli();
  const create = ["create", "--name", "web", "--restart", "always", "busybox"];
  assert.equal((await cli.run(create)).code, 0);
  const { stdout: untold } = await cli.run("why web");
  assert.equal(untold, "web: it was never started\n\nhint: start it with: tug start web\n");
  cli.engine.containers.tell("web", {
    end: end({
      cause: "oom",
      exitCode: 137,
      signal: 9,
      oom: {
        kills: 1,
        limit: 64 * 2 ** 20,
        peak: 64 * 2 ** 20,
        victims: [{ pid: 4711, command: "hog", bytes: 60 * 2 ** 20 }],
      },
      pressure: {
        scope: "machine",
        memory: { some: [12.5, 3, 1], full: [2, 1, 0] },
        cpu: { some: [1, 1, 1] },
      },
      throttled: { periods: 100, throttledPeriods: 30, throttledTime: 1.5e9 },
    }),
    log: ["before", "bell\u0007"],
    lastGood: {
      id: "f".repeat(64),
      at: "2026-01-02T03:04:05Z",
      differences: [
        { what: "env TOKEN", change: "changed" },
        { what: "limit memory", change: "changed", before: "134217728", now: "67108864" },
        { what: "user", change: "removed", before: "app" },
      ],
    },
  });
  const { code, stdout } = await cli.run("container why web");
  assert.equal(code, 0);
  assert.equal(
    stdout,
    `web: the OOM killer ended it at its limit of 64MiB of memory, about an hour ago
  exit code:     137 (SIGKILL)
  ran for:       2.5 s
  killed:        process 4711 (hog), which held 60MiB
  memory:        64MiB at most, of 64MiB
  held back:     in 30 of 100 periods of its processor limit, 1.5 s in all
  waited:        of the last ten seconds 12.5 % for memory, 1 % for a processor (the whole machine)
  last good run: 2 days ago of ffffffffffff
  since then:    env TOKEN: changed
                 limit memory: 128MiB -> 64MiB
                 user: app -> nothing

the end of its log:
  before
  bell\ufffd

hint: give it more: tug update --memory 128m web
`,
  );
  const found = JSON.parse((await cli.run("why --format json web")).stdout);
  assert.equal(found.End.Cause, "oom");
  assert.equal(found.End.Signal, "SIGKILL");
  assert.deepEqual(found.End.Oom.Victims, [{ Pid: 4711, Command: "hog", Bytes: 60 * 2 ** 20 }]);
  assert.equal((await cli.run("why absent")).code, 1);
});

test("of a container that runs it tells what is now, and how it ended before", async () => {
  await using cli = await openCli();
  assert.equal((await cli.run("run -d --name web busybox sleep")).code, 0);
  cli.engine.containers.tell("web", {
    end: end({ exitCode: 3 }),
    now: {
      oom: { kills: 2, limit: 2 ** 20, victims: [] },
      pressure: { scope: "container", io: { some: [7, 0, 0] } },
    },
    log: [],
  });
  const { stdout } = await cli.run("why web");
  assert.match(
    stdout,
    /^web: it is running, since .* ago; the OOM killer has killed a part of it 2 times; before that its program ended by itself, with exit code 3, about an hour ago$/m,
  );
  assert.match(
    stdout,
    /^ {2}last exit code: 3\n {2}had run for: {4}2.5 s\n {2}waits: {10}of the last ten seconds 7 % for io$/m,
  );
  assert.match(stdout, /\nhint: give it more: tug update --memory 2m web\n$/);
  await cli.run("kill web");
});

test("each cause is one sentence", async () => {
  await using cli = await openCli();
  assert.equal((await cli.run("create --name web busybox")).code, 0);
  const story = async (told: Partial<RunEnd>): Promise<string> => {
    cli.engine.containers.tell("web", { end: end(told), log: [] });
    return (await cli.run("why web")).stdout.split("\n", 2).join("\n");
  };
  const ago = "about an hour ago\n  exit code:";
  const told: [Partial<RunEnd>, string][] = [
    [{ cause: "finished", exitCode: 0 }, `its program ended by itself, with success, ${ago} 0`],
    [{ exitCode: 3 }, `its program ended by itself, with exit code 3, ${ago} 3`],
    [
      { exitCode: 127 },
      `its program ended by itself, with exit code 127, ${ago} 127 (a shell's word for: the command was not found)`,
    ],
    [
      { cause: "signal", exitCode: 139, signal: 11 },
      `its program was ended by SIGSEGV: it used memory that it does not have, ${ago} 139 (SIGSEGV)`,
    ],
    [
      { cause: "stopped", exitCode: 143, signal: 15 },
      `somebody stopped it, and its program ended with SIGTERM, ${ago} 143 (SIGTERM)`,
    ],
    [{ cause: "unhealthy" }, `its health check failed, and it was ended for that, ${ago} 1`],
    [{ cause: "machine-down" }, `the machine went down while it ran, ${ago} 1`],
    [
      { cause: "finished", exitCode: 0, oom: { kills: 1, victims: [] } },
      `its program ended by itself, with success; the OOM killer had killed a part of it, ${ago} 0`,
    ],
  ];
  for (const [facts, expected] of told) {
    assert.equal((await story(facts)).replace(/exit code: +/, "exit code: "), `web: ${expected}`);
  }
});
