import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, test } from "node:test";
import { listenDatagrams } from "../environment/datagrams.ts";
import { leavesNothing, needsBox, useEngine } from "./harness/index.ts";

describe("tug run --log-driver", { skip: needsBox() }, () => {
  const engine = useEngine();
  const socket = (): string => join(engine.directory, "log");
  const options = (...more: string[]): string[] => [
    ...["--log-driver", "syslog", "--log-opt", `syslog-address=unixgram://${socket()}`],
    ...more.flatMap((option) => ["--log-opt", option]),
  ];

  test("syslog: the daemon gets each line with its severity and tag, and tug logs shows them as well", async () => {
    await using daemon = await listenDatagrams(socket());
    await leavesNothing(engine, async () => {
      const words = ["box", "sh", "-c", "echo one; sleep 0.1; echo two >&2"];
      await engine.ok([
        "run",
        "--name",
        "talker",
        ...options("syslog-facility=local0", "tag=shop/{{.Name}}"),
        ...words,
      ]);
      assert.deepEqual(await daemon.count(2), ["<134>shop/talker: one", "<131>shop/talker: two"]);
      const { stdout, stderr } = await engine.tug(["logs", "talker"]);
      assert.deepEqual([stdout, stderr], ["one\n", "two\n"]);
      const looked = await engine.ok([
        "inspect",
        "-f",
        "{{.HostConfig.LogConfig.Type}}|{{.LogPath}}",
        "talker",
      ]);
      assert.equal(looked, "syslog|\n");
      await engine.ok(["rm", "talker"]);
    });
  });

  test("it is said before the start that nobody takes the lines, and nothing stays", async () => {
    await leavesNothing(engine, async () => {
      const missing = ["--log-opt", `syslog-address=unixgram://${engine.directory}/absent`];
      const { code, stderr } = await engine.tug([
        "run",
        "--rm",
        "--log-driver",
        "syslog",
        ...missing,
        "box",
        "true",
      ]);
      assert.equal(code, 125);
      assert.match(stderr, /^tug: cannot log to .*\/absent: there is no such socket\nstart the daemon/);
    });
  });

  test("another machine's daemon is refused with what to do", async () => {
    const elsewhere = ["--log-driver", "syslog", "--log-opt", "syslog-address=udp://192.0.2.1:514"];
    const { code, stderr } = await engine.tug(["run", "--rm", ...elsewhere, "box", "true"]);
    assert.equal(code, 125);
    assert.match(stderr, /cannot log to 'udp:\/\/192\.0\.2\.1:514'\ngive unixgram:\/\/\/PATH/);
  });
});
