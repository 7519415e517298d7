import assert from "node:assert/strict";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { type CliBench, openCli } from "./cli.ts";

async function withDirectory(work: (directory: string) => Promise<void>): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), "tug-cli-"));
  try {
    await work(directory);
  } finally {
    await rm(directory, { recursive: true });
  }
}

async function ok(cli: CliBench, line: string | readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await cli.run(line);
  assert.deepEqual([code, stderr], [0, ""], String(line));
  return stdout;
}

test("ps lists containers in Docker's columns and forms", async () => {
  await using cli = await openCli();
  await ok(cli, "create --name idle busybox");
  const id = (await ok(cli, "run -d --name web -l tier=front busybox sleep 1000000000000000")).trim();
  const [heading, row, end] = (await ok(cli, "ps")).split("\n").map((line) => line.trimEnd().split(/ {2,}/));
  assert.deepEqual(heading, ["CONTAINER ID", "IMAGE", "COMMAND", "CREATED", "STATUS", "PORTS", "NAMES"]);
  const cells = [id.slice(0, 12), "busybox", '"sleep 1000000000000…"', "2 days ago"];
  assert.deepEqual(row?.slice(0, 4), cells);
  assert.match(row?.[4] ?? "", /^Up \d+ \w+$/);
  assert.deepEqual([row?.slice(5), end], [["web"], [""]]);
  assert.equal(await ok(cli, "ps -q --no-trunc"), `${id}\n`);
  assert.equal(
    await ok(cli, ["ps", "-a", "--format", "{{.Names}} {{.State}}"]),
    "web running\nidle created\n",
  );
  assert.equal(await ok(cli, ["ps", "-a", "--format", '{{.Names}}={{.Label "tier"}}']), "web=front\nidle=\n");
  assert.equal(await ok(cli, "ps -aq -f status=created -f name=idle --no-trunc"), await idOf(cli, "idle"));
  assert.equal(await ok(cli, ["ps", "-l", "--format", "{{.Size}}"]), "3B (virtual 1MB)\n");
  const [json] = (await ok(cli, "ps --format json")).split("\n");
  assert.equal(JSON.parse(json ?? "").Names, "web");
});

async function idOf(cli: CliBench, name: string): Promise<string> {
  return ok(cli, ["inspect", "-f", "{{.Id}}", name]);
}

test("top passes its options on to the list of processes", async () => {
  await using cli = await openCli();
  await ok(cli, "run -d --name web busybox sleep");
  assert.equal(await ok(cli, "top web"), "PID       CMD\n7         web -ef\n");
  assert.equal(await ok(cli, "container top web -o pid  aux"), "PID       CMD\n7         web -o|pid|aux\n");
  assert.match((await cli.run("top")).stderr, /requires at least 1 argument/);
});

test("diff shows a letter for each change", async () => {
  await using cli = await openCli();
  await ok(cli, "create --name web busybox");
  assert.equal(await ok(cli, "diff web"), "C /etc\nA /etc/web\nD /tmp\n");
  assert.equal(await ok(cli, "container diff web"), "C /etc\nA /etc/web\nD /tmp\n");
  assert.match((await cli.run("diff absent")).stderr, /No such container: absent/);
});

test("stats works out percentages and leaves out what the kernel would give up", async () => {
  await using cli = await openCli();
  await ok(cli, "run -d --name web busybox sleep");
  await ok(cli, "create --name idle busybox");
  const [, row] = (await ok(cli, "stats --no-stream web idle")).split("\n");
  const cells = ["web", "50.00%", "10MiB / 100MiB", "10.00%", "1kB / 20B", "4.1kB / 1.5MB", "3"];
  assert.deepEqual(row?.split(/ {2,}/).slice(1), cells);
  const format = ["stats", "--no-stream", "-a", "--format", "{{.Name}} {{.MemUsage}} {{.PIDs}}"];
  assert.equal(await ok(cli, format), "idle 0B / 0B 0\nweb 10MiB / 100MiB 3\n");
});

test("update sends what was named and nothing else", async () => {
  await using cli = await openCli();
  await ok(cli, "create --name a busybox");
  await ok(cli, "create --name b busybox");
  const line = "update -m 1g --cpus 1.5 --pids-limit -1 --restart on-failure:3 a b";
  assert.equal(await ok(cli, line), "a\nb\n");
  const wanted = "memory=1073741824 nanoCpus=1500000000 pidsLimit=-1 restart=on-failure:3";
  assert.deepEqual(cli.engine.containers.calls.slice(2), [`update a ${wanted}`, `update b ${wanted}`]);
  const nothing = await cli.run("update a");
  assert.deepEqual([nothing.code, /nothing to change was named/.test(nothing.stderr)], [1, true]);
  assert.match((await cli.run("update --memory -3 a")).stderr, /for "-m, --memory" flag/);
});

test("a list that is asked for wrongly is refused", async () => {
  await using cli = await openCli();
  await ok(cli, "create busybox");
  assert.match((await cli.run("ps -a -f colour=red")).stderr, /^tug: invalid filter 'colour'\n/);
  assert.match(
    (await cli.run("ps -f status")).stderr,
    /for "-f, --filter" flag: it must look like NAME=VALUE/,
  );
  assert.match(
    (await cli.run(["ps", "-a", "--format", "{{.Bogus}}"])).stderr,
    /there is no field \.Bogus; the fields are/,
  );
  assert.match((await cli.run("ps x")).stderr, /^tug: 'tug ps' accepts no arguments\n/);
});

test("containers are started, stopped, killed, waited for, renamed and removed by name", async () => {
  await using cli = await openCli();
  await ok(cli, "create --name a busybox sleep");
  await ok(cli, "create --name b busybox sleep");
  assert.equal(await ok(cli, "start a b"), "a\nb\n");
  assert.equal(await ok(cli, "stop -t 5 -s INT a"), "a\n");
  assert.equal(await ok(cli, "kill -s HUP b"), "b\n");
  assert.equal(await ok(cli, "wait b"), "129\n");
  await ok(cli, "rename b c");
  assert.equal(await ok(cli, "restart c"), "c\n");
  assert.equal(await ok(cli, "pause c"), "c\n");
  assert.equal(await ok(cli, "container unpause c"), "c\n");
  assert.equal(await ok(cli, "rm -f -v a c absent"), "a\nc\n");
  assert.deepEqual(cli.engine.containers.calls.slice(2), [
    "start a",
    "start b",
    "stop a INT 5",
    "kill b HUP",
    "restart c",
    "pause c",
    "unpause c",
    "remove a force volumes",
    "remove c force volumes",
  ]);
});

test("one that fails does not stop the others, and the exit code is 1", async () => {
  await using cli = await openCli();
  await ok(cli, "create --name a busybox sleep");
  const { code, stdout, stderr } = await cli.run("start absent a");
  assert.deepEqual([code, stdout, stderr], [1, "a\n", "tug: No such container: absent\n"]);
});

test("start -a shows the output, logs shows it again", async () => {
  await using cli = await openCli();
  await ok(cli, "create --name a busybox echo hi");
  assert.equal(await ok(cli, "start -a a"), "hi\n");
  assert.equal(await ok(cli, "logs a"), "hi\n");
  assert.equal(await ok(cli, "logs -t a"), "2026-01-02T03:04:05.000000006Z hi\n");
  assert.equal(await ok(cli, "logs -n 0 a"), "");
  assert.equal(await ok(cli, "logs --tail -1 a"), "hi\n");
  assert.match((await cli.run("logs --tail x a")).stderr, /it is neither a number nor all/);
  assert.match((await cli.run("start -a a b")).stderr, /cannot attach to more than one container at once/);
});

test("attach refuses what does not run and says what to do", async () => {
  await using cli = await openCli();
  await ok(cli, "create --name a busybox");
  assert.deepEqual(await cli.run("attach a"), {
    code: 1,
    stdout: "",
    stderr: "tug: cannot attach to container a: it is created\nstart it first, or use tug start -a\n",
  });
});

test("attach shows what comes and ends with the container's exit code", async () => {
  await using cli = await openCli();
  await ok(cli, "run -d -i --name a busybox cat");
  const running = cli.start("attach a");
  running.stdin.write("hello");
  await running.shows("hello");
  await ok(cli, "kill -s INT a");
  assert.equal((await running.result).code, 130);
});

test("inspect finds containers and images and prints JSON or a template", async () => {
  await using cli = await openCli();
  await ok(cli, "create --name a -m 5m busybox");
  const [container] = JSON.parse(await ok(cli, "inspect a"));
  assert.deepEqual([container.Name, container.HostConfig.Memory], ["/a", 5_242_880]);
  assert.equal(await ok(cli, ["inspect", "-f", "{{.Name}} {{json .HostConfig.Binds}}", "a"]), "/a []\n");
  assert.equal(await ok(cli, ["inspect", "-f", "{{index .RepoTags 0}}", "busybox"]), "busybox:latest\n");
  assert.equal(await ok(cli, ["image", "inspect", "-f", "{{.Os}}", "busybox"]), "linux\n");
  const { code, stdout, stderr } = await cli.run("inspect -f {{.Name}} a absent");
  assert.deepEqual([code, stdout, stderr], [1, "/a\n", "tug: no such object: absent\n"]);
  assert.match((await cli.run("inspect -f {{.Bogus}} a")).stderr, /there is no field \.Bogus/);
  assert.match((await cli.run("container inspect busybox")).stderr, /No such container: busybox/);
});

test("images lists names in Docker's columns and forms", async () => {
  await using cli = await openCli({ local: ["busybox:latest", "localhost:5000/a/b:1"] });
  const lines = (await ok(cli, "images")).split("\n");
  assert.match(lines[0] ?? "", /^REPOSITORY +TAG +IMAGE ID +CREATED +SIZE$/);
  assert.match(lines[1] ?? "", /^busybox +latest +[0-9a-f]{12} +3 days ago +4\.26MB$/);
  assert.match(lines[2] ?? "", /^localhost:5000\/a\/b +1 +/);
  assert.match(
    (await ok(cli, "images --digests")).split("\n")[0] ?? "",
    /^REPOSITORY +TAG +DIGEST +IMAGE ID/,
  );
  assert.match(await ok(cli, "images -q busybox"), /^[0-9a-f]{12}\n$/);
  assert.match(await ok(cli, "images -q --no-trunc busybox"), /^sha256:[0-9a-f]{64}\n$/);
  assert.equal(
    await ok(cli, ["images", "--format", "{{.Repository}}:{{.Tag}}", "busybox"]),
    "busybox:latest\n",
  );
});

test("images are pulled, tagged, explained by their history and removed", async () => {
  await using cli = await openCli({ remote: ["debian:12"] });
  const pulled = await ok(cli, "pull debian:12");
  assert.match(pulled, /^12: Pulling from library\/debian\n/);
  assert.match(pulled, /\ndocker\.io\/library\/debian:12\n$/);
  assert.equal(await ok(cli, "pull -q debian:12"), "docker.io/library/debian:12\n");
  await ok(cli, "tag debian:12 localhost:5000/base:1");
  assert.match(
    await ok(cli, "rmi localhost:5000/base:1"),
    /^Untagged: localhost:5000\/base:1\nDeleted: sha256:/,
  );
  assert.deepEqual(
    (await ok(cli, "history debian:12"))
      .split("\n")
      .slice(0, 3)
      .map((line) => line.trimEnd()),
    [
      "IMAGE          CREATED      CREATED BY         SIZE      COMMENT",
      "64656269616e   N/A          CMD sh             0B",
      "<missing>      3 days ago   ADD rootfs.tar /   4MB       first",
    ],
  );
  assert.deepEqual(await cli.run("rmi absent"), {
    code: 1,
    stdout: "",
    stderr: "tug: No such image: absent\n",
  });
});

test("a pull on a terminal draws lines again and again", async () => {
  await using cli = await openCli({ remote: ["debian:12"] });
  const { stdout } = await cli.run("pull debian:12", { terminal: { height: 24, width: 120 } });
  assert.match(stdout, /\x1b\[1A\x1b\[2K\rabababababab: Downloading \[=+> +\] {2}512B\/2\.05kB\n/);
});

test("archives are loaded from stdin, files and directories", async () => {
  await withDirectory(async (cwd) => {
    await using cli = await openCli();
    assert.equal((await cli.run("load", { input: "piped" })).stdout, "Loaded image: loaded:latest\n");
    await writeFile(join(cwd, "a.tar"), "a file");
    assert.equal((await cli.run("load -q -i a.tar", { cwd })).code, 0);
    await mkdir(join(cwd, "layout/blobs"), { recursive: true });
    const other = await cli.run("load -i layout", { cwd });
    assert.match(other.stderr, /^tug: cannot load .*: it is no OCI image layout: .*\ngive an archive/);
    await writeFile(join(cwd, "layout/oci-layout"), "{}");
    await writeFile(join(cwd, "layout/index.json"), "{}");
    await writeFile(join(cwd, "layout/notes"), "not a part of it");
    await writeFile(join(cwd, "layout/blobs/x"), "y".repeat(600));
    assert.equal((await cli.run("load -i layout", { cwd })).code, 0);
    const [piped, file, layout = ""] = cli.engine.images.loads;
    assert.deepEqual([piped, file], ["piped", "a file"]);
    assert.deepEqual([layout.length, layout.slice(0, 8)], [512 + 1024 + 2 * (512 + 512) + 1024, "blobs/x\0"]);
    const missing = await cli.run("load -i none", { cwd });
    assert.deepEqual(
      [missing.code, missing.stderr.split(":")[1]?.trim()],
      [1, `cannot read ${join(cwd, "none")}`],
    );
    const empty = await cli.run("load");
    assert.deepEqual([empty.code, empty.stderr], [1, "tug: cannot load archive: it is empty\n"]);
    const keyboard = await cli.run("load", { terminal: { height: 24, width: 80 } });
    assert.match(keyboard.stderr, /cannot load from a terminal: an archive is not text\n.*use -i FILE/);
  });
});

test("archives are written whole or not at all, and never to a terminal", async () => {
  await withDirectory(async (cwd) => {
    await using cli = await openCli();
    assert.equal(await ok(cli, "save busybox"), "images busybox");
    assert.equal((await cli.run("save -o a.tar busybox", { cwd })).code, 0);
    assert.equal(await readFile(join(cwd, "a.tar"), "utf8"), "images busybox");
    await ok(cli, "create --name a busybox");
    assert.equal((await cli.run("export -o b.tar a", { cwd })).code, 0);
    const missing = await cli.run("save -o c.tar absent", { cwd });
    assert.deepEqual([missing.code, missing.stderr], [1, "tug: No such image: absent\n"]);
    assert.deepEqual((await readdir(cwd)).toSorted(), ["a.tar", "b.tar"]);
    assert.match(
      (await cli.run("save -o no/c.tar busybox", { cwd })).stderr,
      /^tug: cannot write .*: no such file or directory\n$/,
    );
    const screen = await cli.run("export a", { terminal: { height: 24, width: 80 } });
    assert.match(screen.stderr, /(?:\x1b\[\d+m)*tug:(?:\x1b\[\d+m)* cannot export to a terminal/);
  });
});

test("plans are explained for a run, a config file and a container", async () => {
  await using cli = await openCli();
  assert.equal(await ok(cli, "explain run -m 5m busybox"), "run busybox\n\ndigest sha256:feed\n");
  assert.deepEqual(cli.engine.containers.requests, []);
  assert.equal(await ok(cli, "explain run --format digest busybox"), "sha256:feed\n");
  assert.deepEqual(JSON.parse(await ok(cli, "explain run --format json busybox")), { image: "busybox" });
  assert.equal(await ok(cli, "explain web"), "plan of web\n\ndigest sha256:f00d\n");
  const local = await cli.run("explain bundle/config.json", { cwd: "/srv", unreachable: true });
  assert.deepEqual(
    [local.code, local.stdout],
    [0, "plan of /srv/bundle/config.json\n\ndigest sha256:c0ffee\n"],
  );
  assert.match((await cli.run("explain run --cap-add x-y busybox")).stderr, /^tug: invalid --cap-add: /);
});

test("version shows what is known, info what the machine can do", async () => {
  await using cli = await openCli();
  assert.match(
    await ok(cli, "version"),
    /^Client:\n Version: +0\.0\.0-test\n.*\nEngine:\n Version: +0\.0\.0-fake\n/s,
  );
  assert.equal(await ok(cli, "version -f {{.Server.Version}}"), "0.0.0-fake\n");
  const alone = await cli.run("version", { unreachable: true });
  assert.match(alone.stdout, /^Client:\n Version: +0\.0\.0-test\n API version: +1\.55\n$/);
  assert.deepEqual([alone.code, alone.stderr], [1, "tug: cannot start the engine for containers\n"]);
  assert.match(await ok(cli, "info"), /^Containers: 3\n Running: 1\n.*\nTotal memory: 1GiB\n/s);
  assert.equal(await ok(cli, "info -f {{.CgroupVersion}}"), "2\n");
});

test("events are lines, JSON or a template", async () => {
  const event = { type: "container", action: "start", id: "abc", attributes: { name: "web" } } as const;
  await using cli = await openCli({ events: [{ ...event, timeNanos: 1_700_000_000_000_000_000n }] });
  assert.equal(await ok(cli, "events"), "2023-11-14T22:13:20.000000Z container start abc (name=web)\n");
  assert.equal(await ok(cli, "events -f event=die"), "");
  assert.equal(await ok(cli, "events --format {{.Action}}"), "start\n");
  assert.equal(JSON.parse(await ok(cli, "events --format json")).Actor.ID, "abc");
});

test("colours are for terminals and for people who want them", async () => {
  await using cli = await openCli();
  const terminal = { height: 24, width: 80 };
  assert.match((await cli.run("bogus", { terminal })).stderr, /^\x1b\[\d+m\x1b\[\d+mtug:/);
  assert.match((await cli.run("bogus", { terminal, env: { NO_COLOR: "1" } })).stderr, /^tug: /);
  assert.match((await cli.run("bogus")).stderr, /^tug: unknown command: tug bogus\nsee 'tug --help'\n$/);
});

test("completion offers what the engine has, and nothing without one", async () => {
  await using cli = await openCli({ local: ["busybox:latest", "debian:12"] });
  await ok(cli, "create --name web busybox");
  assert.equal(await ok(cli, ["__complete", "--", "run", "deb"]), "debian:12\t\n");
  assert.equal(await ok(cli, ["__complete", "--", "rm", ""]), "web\t\n");
  assert.equal(await ok(cli, ["__complete", "--", "stop", ""]), "");
  assert.equal(await ok(cli, ["__complete", "--", "load", "-i", ""]), ":files\n");
  assert.deepEqual(await cli.run(["__complete", "--", "rm", ""], { unreachable: true }), {
    code: 0,
    stdout: "",
    stderr: "",
  });
  assert.match(await ok(cli, "completion bash"), /^_tug\(\) \{\n/);
  assert.match((await cli.run("completion sh")).stderr, /^tug: cannot complete for "sh": it must be one of/);
});
