import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { leavesNothing, needsBox, useEngine } from "./harness/index.ts";

describe("tug run: the process and its surroundings", { skip: needsBox() }, () => {
  const engine = useEngine();

  test("both outputs and the exit code are the program's own", async () => {
    const { code, stdout, stderr } = await engine.tug([
      ...["run", "--rm", "box", "sh", "-c", "echo out; echo err >&2; exit 7"],
    ]);
    assert.deepEqual([code, stdout, stderr], [7, "out\n", "err\n"]);
  });

  test("-i passes the input on to its end, and without it there is none", async () => {
    const input = "x".repeat(300_000);
    assert.equal((await engine.ok(["run", "--rm", "-i", "box", "md5sum"], { input })).length, 36);
    assert.equal(await engine.ok(["run", "--rm", "-i", "box", "wc", "-c"], { input }), "300000\n");
    assert.equal(await engine.ok(["run", "--rm", "box", "wc", "-c"], { input }), "0\n");
  });

  test("a program may close its input early, and go on to write", async () => {
    const input = Buffer.alloc(2_000_000, "line\n");
    const args = ["run", "--rm", "-i", "box", "sh", "-c", "head -n 1; exec <&-; sleep 0.2; echo after"];
    assert.equal(await engine.ok(args, { input }), "line\nafter\n");
  });

  test("-t without a terminal on the input is refused before anything is made", async () => {
    const { code, stderr } = await leavesNothing(engine, () => engine.tug(["run", "-it", "box", "true"]));
    assert.equal(code, 1);
    assert.match(stderr, /^tug: the input device is not a TTY\n/);
  });

  test("-t gives a terminal whose output has carriage returns and one stream", async () => {
    const output = await engine.ok(["run", "--rm", "-t", "box", "sh", "-c", "tty; echo err >&2; echo $TERM"]);
    assert.equal(output, "/dev/pts/0\r\nerr\r\nxterm\r\n");
  });

  test("--rm removes the container, and without it it stays, with its exit code and its name", async () => {
    await leavesNothing(engine, () => engine.ok(["run", "--rm", "box", "true"]));
    const { code } = await engine.tug(["run", "--name", "stays", "box", "false"]);
    assert.equal(code, 1);
    assert.equal(
      await engine.ok([
        "ps",
        "-a",
        "--filter",
        "name=stays",
        "--format",
        "{{.Names}} {{.Image}} {{.Status}}",
      ]),
      "stays box Exited (1) Less than a second ago\n",
    );
    const again = await leavesNothing(engine, () => engine.tug(["run", "--name", "stays", "box", "true"]));
    assert.equal(again.code, 125);
    assert.match(again.stderr, /The container name "\/stays" is already in use by container "[0-9a-f]{64}"/);
    await engine.ok(["rm", "stays"]);
    await engine.ok(["run", "--rm", "--name", "stays", "box", "true"]);
  });

  test("-e and --env-file: values, the caller's own, comments, later ones win", async () => {
    const file = join(engine.directory, "variables");
    await writeFile(file, "# a comment\nA=1\nB\nC=x y # no comment\n\nD=file\n");
    const options = ["--env-file", file, "-e", "D=flag", "-e", "E", "-e", "NONE", "-e", "EMPTY="];
    const { environment } = JSON.parse(
      (
        await engine.ok(["run", "--rm", ...options, "box", "probe"], { env: { B: "caller", E: "own" } })
      ).trim(),
    ) as { environment: string[] };
    const expected = ["A=1", "B=caller", "C=x y # no comment", "D=flag", "E=own", "EMPTY=", "HOME=/root"];
    assert.deepEqual(environment.filter((variable) => !/^(PATH|HOSTNAME)=/.test(variable)).sort(), expected);
  });

  test("-w is made when it is missing", async () => {
    assert.equal(
      await engine.sh(["-w", "/made/for/you"], "pwd; ls -ld . | cut -c1-10"),
      "/made/for/you\ndrwxr-xr-x",
    );
  });

  test("-u takes names and numbers as the image's own files have them", async () => {
    const who = (...options: string[]) =>
      engine.sh(options, "id -u; id -g; id -G").then((text) => text.split("\n"));
    assert.deepEqual(await who("-u", "user"), ["1000", "100", "100 50"]);
    assert.deepEqual(await who("-u", "1000"), ["1000", "100", "100 50"]);
    assert.deepEqual(await who("-u", "user:staff"), ["1000", "50", "50"]);
    assert.deepEqual(await who("-u", "5"), ["5", "0", "0"]);
    assert.deepEqual(await who("-u", "5:6", "--group-add", "staff", "--group-add", "77"), [
      "5",
      "6",
      "6 50 77",
    ]);
    const report = await engine.report("-u", "user");
    assert.equal(report.capabilities.effective, "0000000000000000");
    assert.ok(report.environment.includes("HOME=/home/user"));
  });

  test("--entrypoint replaces the image's, and its command with it", async () => {
    assert.equal(await engine.ok(["run", "--rm", "--entrypoint", "echo", "box", "a", "b"]), "a b\n");
    const { code } = await engine.tug(["run", "--rm", "--entrypoint", "", "box"]);
    assert.equal(code, 125);
  });

  test("--hostname is the name inside, in /etc/hostname, and the default is the short id", async () => {
    const script = "hostname; cat /etc/hostname; echo $HOSTNAME";
    assert.equal(await engine.sh(["--hostname", "h.example"], script), "h.example\nh.example\nh.example");
    const id = (await engine.ok(["create", "box", "sh", "-c", script])).trim();
    const short = id.slice(0, 12);
    assert.equal(await engine.ok(["start", "-a", id]), `${short}\n${short}\n${short}\n`);
    await engine.ok(["rm", id]);
  });

  test("--ulimit sets soft and hard limits", async () => {
    const { rlimits } = await engine.report("--ulimit", "nofile=100:200", "--ulimit", "core=0");
    assert.deepEqual(rlimits.RLIMIT_NOFILE, [100, 200]);
    assert.deepEqual(rlimits.RLIMIT_CORE, [0, 0]);
  });

  test("--label, --annotation and --cidfile can be read back", async () => {
    const cidfile = join(engine.directory, "cid");
    const options = ["--label", "a=b", "--label", "bare", "--annotation", "n=v", "--cidfile", cidfile];
    await engine.ok(["run", "--name", "labelled", ...options, "box", "true"]);
    const shown = await engine.ok([
      ...[
        "inspect",
        "--format",
        "{{json .Config.Labels}} {{json .HostConfig.Annotations}} {{.Id}}",
        "labelled",
      ],
    ]);
    assert.equal(shown, `{"a":"b","bare":""} {"n":"v"} ${await readFile(cidfile, "utf8")}\n`);
    const taken = await leavesNothing(engine, () => engine.tug(["run", "--cidfile", cidfile, "box", "true"]));
    assert.equal(taken.code, 125);
    await engine.ok(["rm", "labelled"]);
  });

  test("--init is process 1, reaps orphans and passes the exit code on", async () => {
    const script = "(sleep 0 & exec sleep 0.1) & wait; sleep 0.3; ps -o stat= | grep -c Z; exit 9";
    const { code, stdout } = await engine.tug(["run", "--rm", "--init", "box", "sh", "-c", `${script}`]);
    assert.deepEqual([code, stdout], [9, "0\n"]);
    assert.match(await engine.sh(["--init"], "cat /proc/1/comm"), /^tug:\[init\]/);
    const killed = await engine.tug(["run", "--rm", "--init", "box", "sh", "-c", "kill -TERM $$"]);
    assert.equal(killed.code, 143);
  });
});
