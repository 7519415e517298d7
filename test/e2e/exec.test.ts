import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { connect } from "../../src/api/docker/client/index.ts";
import { probeReport } from "../environment/index.ts";
import { leavesNothing, needsBox, startTugCommand, until, useEngine } from "./harness/index.ts";

describe("tug exec", { skip: needsBox() }, () => {
  const engine = useEngine();

  /** Runs a container with options, does something with its name, and removes it. */
  async function within<T>(options: readonly string[], work: (name: string) => Promise<T>): Promise<T> {
    const name = `c${Math.random().toString(36).slice(2)}`;
    await engine.ok(["run", "-d", "--name", name, ...options, "box", "sleep", "1000"]);
    try {
      return await work(name);
    } finally {
      await engine.ok(["rm", "-f", name]);
    }
  }

  const inspect = (name: string, template: string) => engine.ok(["inspect", "-f", template, name]);

  test("output, input, exit codes and signals are the program's own", () =>
    within([], async (name) => {
      const both = await engine.tug(["exec", name, "sh", "-c", "echo out; echo err >&2; exit 7"]);
      assert.deepEqual([both.code, both.stdout, both.stderr], [7, "out\n", "err\n"]);
      const input = "x".repeat(300_000);
      assert.equal(await engine.ok(["exec", "-i", name, "wc", "-c"], { input }), "300000\n");
      assert.equal(await engine.ok(["exec", name, "wc", "-c"], { input }), "0\n");
      assert.equal((await engine.tug(["exec", name, "sh", "-c", "kill -9 $$"])).code, 137);
    }));

  test("a program that cannot be executed is 127 or 126 and a sentence", () =>
    within([], async (name) => {
      const failure = async (...command: string[]) => {
        const { code, stderr } = await engine.tug(["exec", name, ...command]);
        return [code, stderr.trim()];
      };
      const place = `cannot exec in container ${name}`;
      assert.deepEqual(await failure("nonesuch"), [
        127,
        `${place}: exec: "nonesuch": executable file not found in $PATH`,
      ]);
      assert.deepEqual(await failure("/etc/passwd"), [
        126,
        `${place}: exec: "/etc/passwd": permission denied`,
      ]);
      const wrongUser = await engine.tug(["exec", "-u", "nobody", name, "true"]);
      assert.deepEqual([wrongUser.code, /unable to find user nobody/.test(wrongUser.stderr)], [126, true]);
      const wrongPlace = await engine.tug(["exec", "-w", "/nowhere", name, "true"]);
      assert.equal(wrongPlace.code, 126);
      assert.match(
        wrongPlace.stderr,
        /cannot enter the working directory \/nowhere: no such file or directory/,
      );
      assert.equal(await inspect(name, "{{json .ExecIDs}}"), "null\n");
    }));

  test("it is in all namespaces and groups of the container, with its limits and rights", () =>
    within(["--cap-drop", "KILL", "--ulimit", "nofile=77", "--oom-score-adj", "300"], async (name) => {
      const first = Number(await inspect(name, "{{.State.Pid}}"));
      const report = probeReport(await engine.ok(["exec", name, "probe"]));
      for (const kind of ["ipc", "mnt", "net", "pid", "uts"] as const) {
        const { ino } = await import("node:fs").then(({ statSync }) => statSync(`/proc/${first}/ns/${kind}`));
        assert.equal(report.namespaces[kind], `${kind}:[${ino}]`);
      }
      // As both see them: on v2 a container has a view of its own.
      const groups = await engine.ok(["exec", name, "cat", "/proc/1/cgroup"]);
      assert.deepEqual(report.cgroup, groups.trim().split("\n"));
      const status = readFileSync(`/proc/${first}/status`, "utf8");
      for (const [set, field] of [
        ["bounding", "CapBnd"],
        ["effective", "CapEff"],
      ] as const) {
        assert.ok(status.includes(`${field}:\t${report.capabilities[set]}`), set);
      }
      assert.equal(report.seccomp, 2);
      assert.deepEqual(report.rlimits.RLIMIT_NOFILE, [77, 77]);
      assert.deepEqual(report.oomScoreAdj, ["300"]);
      assert.deepEqual(Object.keys(report.descriptors ?? {}).slice(0, 3), ["0", "1", "2"]);
    }));

  test("--privileged gives every capability, --security-opt no-new-privileges stays", () =>
    within(["--cap-drop", "ALL", "--security-opt", "no-new-privileges"], async (name) => {
      const plain = probeReport(await engine.ok(["exec", name, "probe"]));
      assert.deepEqual([plain.capabilities.effective, plain.noNewPrivileges], ["0000000000000000", 1]);
      const more = probeReport(await engine.ok(["exec", "--privileged", name, "probe"]));
      const bounding = /^CapBnd:\s*(\w+)$/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1];
      assert.deepEqual([more.capabilities.effective, more.noNewPrivileges], [bounding, 1]);
    }));

  test("names of users are those of the container as it is now, not of its image", () =>
    within([], async (name) => {
      await engine.ok(["exec", name, "sh", "-c", "echo late:x:77:78::/tmp:/bin/sh >> /etc/passwd"]);
      await engine.ok(["exec", name, "sh", "-c", "echo crew:x:79:late >> /etc/group"]);
      assert.equal(
        await engine.ok(["exec", "-u", "late", name, "id"]),
        "uid=77(late) gid=78 groups=79(crew)\n",
      );
      assert.equal(
        await engine.ok(["exec", "-u", "late:crew", name, "sh", "-c", "id -g; echo $HOME"]),
        "79\n/tmp\n",
      );
      assert.equal(await engine.ok(["exec", "-u", "1234", name, "id", "-u"]), "1234\n");
    }));

  test("variables and directory are the container's unless others are asked for", () =>
    within(["-e", "A=container", "-e", "B=container", "-w", "/tmp"], async (name) => {
      const script = "echo $A $B $C; pwd";
      assert.equal(await engine.ok(["exec", name, "sh", "-c", script]), "container container\n/tmp\n");
      const asked = ["exec", "-e", "B=mine", "-e", "C=new", "-w", "/", name, "sh", "-c", script];
      assert.equal(await engine.ok(asked), "container mine new\n/\n");
    }));

  test("a terminal has the asked size, one stream, and is gone with the program", () =>
    within([], async (name) => {
      using client = connect({ socket: join(engine.run, "tug.sock") });
      const { Id } = await client.execs.create(name, {
        Cmd: ["sh", "-c", "stty size; echo err >&2; read line; stty size; echo $TERM"],
        Tty: true,
        AttachStdin: true,
        AttachStdout: true,
        AttachStderr: true,
      });
      const streams = await client.execs.attach(Id, { size: { height: 33, width: 99 } });
      let seen = "";
      for await (const { stream, data } of streams.output) {
        assert.equal(stream, "stdout");
        seen += Buffer.from(data).toString();
        if (!seen.endsWith("err\r\n")) continue;
        await client.execs.resize(Id, { height: 44, width: 111 });
        streams.stdin.write("\r");
      }
      assert.equal(seen, "33 99\r\nerr\r\n\r\n44 111\r\nxterm\r\n");
      const { ExitCode, Running } = await client.execs.inspect(Id);
      assert.deepEqual([ExitCode, Running], [0, false]);
      await assert.rejects(client.execs.resize(Id, { height: 1, width: 1 }), { kind: "conflict" });
      await assert.rejects(client.execs.start(Id), { kind: "conflict" });
    }));

  test("a detached program runs on, is listed while it does, and ends with the container", () =>
    leavesNothing(engine, () =>
      within([], async (name) => {
        await engine.ok(["exec", "-d", name, "sh", "-c", "echo begun > /tmp/file; exec sleep 500"]);
        const [id = ""] = JSON.parse(await inspect(name, "{{json .ExecIDs}}")) as string[];
        using client = connect({ socket: join(engine.run, "tug.sock") });
        const { Pid, Running } = await client.execs.inspect(id);
        assert.equal(Running, true);
        assert.match(readFileSync(`/proc/${Pid}/cmdline`, "utf8"), /^(sleep|sh)\0/);
        await until("it has begun", async () =>
          (await engine.tug(["exec", name, "cat", "/tmp/file"])).stdout.includes("begun"),
        );
        await engine.ok(["kill", name]);
        await until("it has ended", async () => !(await client.execs.inspect(id)).Running);
        assert.equal((await client.execs.inspect(id)).ExitCode, 137);
        assert.match((await engine.tug(["exec", name, "true"])).stderr, /is not running/);
      }),
    ));

  test("a session survives the engine and is known to the next one", () =>
    leavesNothing(engine, () =>
      within([], async (name) => {
        const script = "while [ ! -e /tmp/go ]; do sleep 0.05; done; exit 9";
        await engine.ok(["exec", "-d", name, "sh", "-c", script]);
        await engine.ok(["exec", "-d", name, "sh", "-c", "sleep 0.2; exit 8"]);
        const ids = JSON.parse(await inspect(name, "{{json .ExecIDs}}")) as string[];
        assert.equal(ids.length, 2);
        await engine.stopEngine("SIGKILL");
        await engine.ok(["exec", name, "touch", "/tmp/go"]);
        using client = connect({ socket: join(engine.run, "tug.sock") });
        const ends = async () => {
          const seen = await Promise.all(ids.map((id) => client.execs.inspect(id)));
          return seen.map(({ Running, ExitCode }) => (Running ? "runs" : ExitCode));
        };
        await until("both have ended", async () => !(await ends()).includes("runs"));
        assert.deepEqual((await ends()).toSorted(), [8, 9]);
      }),
    ));

  test("a session that ends with its container while there is no engine is known to the next one", () =>
    leavesNothing(engine, () =>
      within([], async (name) => {
        await engine.ok(["exec", "-d", name, "sleep", "500"]);
        const [id = ""] = JSON.parse(await inspect(name, "{{json .ExecIDs}}")) as string[];
        const init = (await inspect(name, "{{.State.Pid}}")).trim();
        await engine.stopEngine("SIGKILL");
        process.kill(Number(init), "SIGKILL");
        await until("its monitor has reaped it", async () => !readdirSync("/proc").includes(init));
        assert.equal(await engine.ok(["wait", name]), "137\n");
        using client = connect({ socket: join(engine.run, "tug.sock") });
        await until("its end is known", async () => !(await client.execs.inspect(id)).Running);
        assert.equal((await client.execs.inspect(id)).ExitCode, 137);
      }),
    ));

  test("a client that is killed leaves the program running", () =>
    within([], async (name) => {
      await using command = startTugCommand(engine, ["exec", name, "sh", "-c", "echo begun; exec sleep 400"]);
      await command.prints(/begun/);
      command.child.kill("SIGKILL");
      await command.code;
      assert.match(await engine.ok(["exec", name, "ps"]), /sleep 400/);
    }));

  test("the events tell of making, starting and ending, with the session's id", () =>
    within([], async (name) => {
      await engine.tug(["exec", name, "sh", "-c", "exit 3"]);
      const range = ["--since", "1m", "--until", "0s", "--filter", `container=${name}`];
      const lines = (await engine.ok(["events", ...range, "--format", "json"]))
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line) as { Action: string; Actor: { Attributes: Record<string, string> } })
        .filter(({ Action }) => Action.startsWith("exec"));
      assert.deepEqual(
        lines.map(({ Action }) => Action),
        ["exec_create: sh -c exit 3", "exec_start: sh -c exit 3", "exec_die"],
      );
      const ids = new Set(lines.map(({ Actor }) => Actor.Attributes.execID));
      assert.equal(ids.size, 1);
      assert.equal(lines[2]?.Actor.Attributes.exitCode, "3");
    }));

  test("many at once", () =>
    within([], async (name) => {
      const codes = Array.from({ length: 12 }, (_, index) => index);
      const results = await Promise.all(
        codes.map((code) => engine.tug(["exec", name, "sh", "-c", `echo ${code}; exit ${code}`])),
      );
      assert.deepEqual(
        results.map(({ code, stdout }) => [code, stdout]),
        codes.map((code) => [code, `${code}\n`]),
      );
      const [directory = ""] = readdirSync(join(engine.run, "containers"));
      assert.ok(readdirSync(join(engine.run, "containers", directory, "exec")).length >= codes.length);
    }));
});
