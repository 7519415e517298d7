import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { openCli } from "./cli.ts";

test("a run shows both outputs and ends with the container's exit code", async () => {
  await using cli = await openCli();
  assert.deepEqual(await cli.run("run --rm busybox echo hi"), { code: 0, stdout: "hi\n", stderr: "" });
  assert.deepEqual(await cli.run("run --rm busybox complain no"), { code: 1, stdout: "", stderr: "no\n" });
  assert.equal((await cli.run("run busybox exit 42")).code, 42);
  assert.deepEqual((await cli.run("ps -aq")).stdout.split("\n").length, 2);
});

test("runc is not taken for the default that Docker's clients mean by it", async () => {
  await using cli = await openCli();
  const { code, stderr } = await cli.run("run --runtime runc busybox echo hi");
  assert.equal(code, 125);
  assert.match(
    stderr,
    /^tug: cannot create the container: there is no runtime runc \(--runtime\)\nuse tug, install/,
  );
  assert.match((await cli.run("info")).stdout, /^Runtimes: tug\nDefault runtime: tug\n/m);
});

test("input reaches the container with -i only", async () => {
  await using cli = await openCli();
  assert.equal((await cli.run("run -i --rm busybox cat", { input: "hello" })).stdout, "hello");
  assert.equal((await cli.run("run --rm busybox cat", { input: "hello" })).stdout, "");
});

test("a missing image is pulled, and the progress goes to stderr", async () => {
  await using cli = await openCli({ remote: ["debian:latest"] });
  const { code, stdout, stderr } = await cli.run("run --rm debian echo hi");
  assert.deepEqual([code, stdout], [0, "hi\n"]);
  assert.match(
    stderr,
    /^Unable to find image 'debian:latest' locally\nlatest: Pulling from library\/debian\n/,
  );
  assert.match(stderr, /Status: Downloaded newer image for debian:latest\n$/);
  assert.equal((await cli.run("run --rm --pull always -q debian echo hi")).stderr, "");
  assert.equal(cli.engine.images.pulls.length, 2);
});

test("an image that may not or cannot be pulled ends with 125 and a sentence", async () => {
  await using cli = await openCli();
  const never = await cli.run("run --pull never absent echo hi");
  assert.deepEqual([never.code, never.stderr], [125, "tug: No such image: absent\n"]);
  const offline = await cli.run("run -q unreachable true");
  assert.deepEqual(offline, {
    code: 125,
    stdout: "",
    stderr: "tug: cannot reach registry: connection refused\nuse tug load\n",
  });
  const broken = await cli.run("run -q broken true");
  assert.deepEqual(
    [broken.code, broken.stderr],
    [125, "tug: cannot pull broken:latest: digest of layer is wrong\n"],
  );
});

test("a command that is not there ends with 127 and leaves no container with --rm", async () => {
  await using cli = await openCli();
  const { code, stderr } = await cli.run("run --rm busybox nonesuch");
  assert.equal(code, 127);
  assert.match(stderr, /^tug: .*executable file not found in \$PATH\n$/);
  assert.equal((await cli.run("ps -aq")).stdout, "");
});

test("a taken name is a conflict that names the holder", async () => {
  await using cli = await openCli();
  await cli.run("create --name web busybox");
  const { code, stderr } = await cli.run("run --name web busybox true");
  assert.equal(code, 125);
  assert.match(
    stderr,
    /^tug: Conflict\. The container name "\/web" is already in use by container "[0-9a-f]{64}"\./,
  );
});

test("a detached run prints the id and goes on", async () => {
  await using cli = await openCli();
  const { code, stdout } = await cli.run("run -d --name web busybox sleep");
  assert.deepEqual([code, /^[0-9a-f]{64}\n$/.test(stdout)], [0, true]);
  const request = cli.engine.containers.requests[0];
  assert.deepEqual(request?.stdio.attach, { stdin: false, stdout: false, stderr: false });
  assert.equal((await cli.run("inspect -f {{.State.Status}} web")).stdout, "running\n");
});

test("signals are passed on, and three requests to end are enough", async () => {
  await using cli = await openCli();
  const polite = cli.start("run --name a busybox sleep");
  await waitFor(async () => (await cli.run("ps -q")).stdout !== "");
  polite.signal("SIGTERM");
  assert.equal((await polite.result).code, 143);
  assert.ok(cli.engine.containers.calls.includes("kill a SIGTERM"));

  const deaf = cli.start("run --name b -i busybox size");
  await waitFor(async () => (await cli.run("ps -q")).stdout !== "");
  for (const name of ["SIGINT", "SIGTERM", "SIGINT"]) deaf.signal(name);
  const { code, stderr } = await deaf.result;
  assert.equal(code, 1);
  assert.match(stderr, /stopped waiting for the container after three signals/);
});

test("without -t the caller's terminal stays as it is and signals can be kept", async () => {
  await using cli = await openCli();
  const running = cli.start("run --name a --sig-proxy=false -i busybox cat", {
    terminal: { height: 24, width: 80 },
  });
  await waitFor(async () => (await cli.run("ps -q")).stdout !== "");
  running.signal("SIGTERM");
  running.stdin.end("x");
  assert.equal((await running.result).stdout, "x");
  assert.deepEqual(running.terminalCalls, []);
  assert.equal(
    cli.engine.containers.calls.some((call) => call.startsWith("kill")),
    false,
  );
});

test("a terminal is raw while the container has it, and both stay the same size", async () => {
  await using cli = await openCli();
  const running = cli.start("run -it --name a busybox size", { terminal: { height: 24, width: 80 } });
  const sizes = async (wanted: string) => {
    await waitFor(async () => {
      running.stdin.write("?");
      return Promise.race([running.shows(wanted).then(() => true), delay().then(() => false)]);
    });
  };
  await sizes("24x80");
  running.resize({ height: 50, width: 132 });
  await sizes("50x132");
  assert.deepEqual(running.terminalCalls, ["raw true"]);
  running.stdin.write("q");
  assert.equal((await running.result).code, 0);
  assert.deepEqual(running.terminalCalls, ["raw true", "raw false"]);
  assert.deepEqual(cli.engine.containers.requests[0]?.stdio.consoleSize, { height: 24, width: 80 });
});

test("the detach keys leave the container running and give the terminal back", async () => {
  await using cli = await openCli();
  const running = cli.start("run -it --name a busybox cat", { terminal: { height: 24, width: 80 } });
  running.stdin.write("hello");
  await running.shows("hello");
  running.stdin.write("\x10");
  running.stdin.write("\x11");
  assert.equal((await running.result).code, 0);
  assert.deepEqual(running.terminalCalls, ["raw true", "raw false"]);
  assert.equal((await cli.run("inspect -f {{.State.Status}} a")).stdout, "running\n");

  const again = cli.start("attach --detach-keys x a", { terminal: { height: 24, width: 80 } });
  again.stdin.write("back");
  await again.shows("back");
  again.stdin.write("x");
  assert.equal((await again.result).code, 0);
});

test("-t with a piped input is refused before anything is made", async () => {
  await using cli = await openCli();
  const { code, stderr } = await cli.run("run -it busybox cat");
  assert.deepEqual([code, stderr.split("\n")[0]], [1, "tug: the input device is not a TTY"]);
  assert.deepEqual(cli.engine.containers.requests, []);
});

test("the id file is written once and not left empty", async () => {
  const cwd = await mkdtemp(join(tmpdir(), "tug-cli-"));
  try {
    await using cli = await openCli();
    const { stdout } = await cli.run("run -d --cidfile id busybox sleep", { cwd });
    assert.equal(`${await readFile(join(cwd, "id"), "utf8")}\n`, stdout);
    const again = await cli.run("run --cidfile id busybox true", { cwd });
    assert.equal(again.code, 125);
    assert.match(again.stderr, /^tug: cannot create .*\/id \(--cidfile\): file already exists\n/);
    await cli.run("run --cidfile other --pull never absent", { cwd });
    await assert.rejects(readFile(join(cwd, "other")));
  } finally {
    await rm(cwd, { recursive: true });
  }
});

test("no engine is 125 and one sentence, whatever the command", async () => {
  await using cli = await openCli();
  for (const line of ["run busybox true", "ps", "pull debian", "explain run busybox"]) {
    const need = line.startsWith("explain") ? "plans" : "containers";
    assert.deepEqual(await cli.run(line, { unreachable: true }), {
      code: 125,
      stdout: "",
      stderr: `tug: cannot start the engine for ${need}\n`,
    });
  }
});

test("what a person wrote becomes what the engine is asked", async () => {
  const cwd = await mkdtemp(join(tmpdir(), "tug-cli-"));
  try {
    await writeFile(join(cwd, "vars"), "# comment\nA=1\nHOME\nABSENT\n");
    await writeFile(join(cwd, "profile.json"), '{ "defaultAction": "SCMP_ACT_ALLOW" }');
    await using cli = await openCli();
    const line = [
      "create --name web -it -e B=2 -e TERM --env-file vars -w /srv -u 1:2 -v ./data:/data:ro -v /cache -v named:/n",
      "--mount type=bind,src=.,dst=/here --tmpfs /run:size=1m -m 100m --memory-swap -1 --cpus 1.5 --cpu-shares 512",
      "--cpuset-cpus 0-1 --pids-limit 10 --entrypoint sh --read-only --cap-add NET_ADMIN --cap-drop ALL",
      "--security-opt seccomp=profile.json --security-opt no-new-privileges --privileged --device /dev/fuse",
      "--pid host --ipc none --uts host --cgroupns private -h box --shm-size 64m --group-add audio -l tier=front",
      "--ulimit nofile=1024:2048 --sysctl net.core.somaxconn=1024 --init --network host --stop-timeout 0",
      "--restart on-failure:3 --health-cmd true --health-interval 5s --annotation note=1 busybox -c ls",
    ].join(" ");
    const { code, stderr } = await cli.run(line, { cwd, env: { HOME: "/root", TERM: "vt100" } });
    assert.deepEqual([code, stderr], [0, ""]);
    const asked = cli.engine.containers.requests[0];
    assert.ok(asked);
    assert.deepEqual([asked.name, asked.entrypoint, asked.command], ["web", ["sh"], ["-c", "ls"]]);
    assert.deepEqual(asked.env, ["A=1", "HOME=/root", "B=2", "TERM=vt100"]);
    assert.deepEqual(
      [asked.workingDir, asked.user, asked.hostname, asked.groupAdd],
      ["/srv", "1:2", "box", ["audio"]],
    );
    assert.deepEqual([asked.stdio.tty, asked.stdio.openStdin, asked.stdio.stdinOnce], [true, true, true]);
    const mounts = asked.mounts.map((mount) => [
      mount.type,
      mount.target,
      "source" in mount ? mount.source : "",
    ]);
    assert.deepEqual(mounts.toSorted(), [
      ["bind", "/data", join(cwd, "data")],
      ["bind", "/here", cwd],
      ["tmpfs", "/run", ""],
      ["volume", "/cache", ""],
      ["volume", "/n", ""],
    ]);
    const { memory, memorySwap, nanoCpus, cpuShares, cpusetCpus, pidsLimit, devices } = asked.resources;
    assert.deepEqual([memory, memorySwap, nanoCpus, cpuShares], [104_857_600, -1, 1_500_000_000, 512]);
    assert.deepEqual([cpusetCpus, pidsLimit, devices[0]?.pathOnHost], ["0-1", 10, "/dev/fuse"]);
    const { capAdd, capDrop, seccomp, noNewPrivileges, privileged, readonlyRootfs } = asked.security;
    assert.deepEqual([capAdd, capDrop, noNewPrivileges], [["NET_ADMIN"], ["ALL"], true]);
    assert.deepEqual([privileged, readonlyRootfs], [true, true]);
    assert.deepEqual(seccomp, { kind: "profile", json: '{"defaultAction":"SCMP_ACT_ALLOW"}' });
    assert.deepEqual(asked.namespaces, {
      pid: { mode: "host" },
      ipc: { mode: "none" },
      uts: { mode: "host" },
      cgroup: { mode: "private" },
    });
    assert.deepEqual([asked.network.mode, asked.init, asked.stopTimeoutSeconds], [{ kind: "host" }, true, 0]);
    assert.deepEqual(asked.restart, { policy: "on-failure", maximumRetries: 3 });
    assert.deepEqual(
      [asked.shmSizeBytes, asked.labels, asked.annotations],
      [67_108_864, { tier: "front" }, { note: "1" }],
    );
    assert.deepEqual(asked.ulimits[0]?.soft, 1024);
    assert.deepEqual(asked.healthcheck?.test, { kind: "shell", script: "true" });
  } finally {
    await rm(cwd, { recursive: true });
  }
});

test("a container may be on several networks, with a name and an address of its own on each", async () => {
  await using cli = await openCli();
  const networks = "--network blue --network name=green,alias=db,alias=base,ip=10.9.0.9,gw-priority=2";
  const { code, stderr } = await cli.run(`create --network-alias site --ip 10.8.0.2 ${networks} busybox`);
  assert.deepEqual([code, stderr], [0, ""]);
  const { mode, endpoints } = cli.engine.containers.requests[0]?.network ?? {};
  assert.deepEqual(mode, { kind: "named", name: "blue" });
  assert.deepEqual(
    endpoints?.map(({ network, aliases, ipv4, gatewayPriority }) => [
      network,
      aliases,
      ipv4,
      gatewayPriority,
    ]),
    [
      ["blue", ["site"], "10.8.0.2", undefined],
      ["green", ["db", "base"], "10.9.0.9", 2],
    ],
  );
  const refused = async (options: string, message: RegExp) =>
    assert.match((await cli.run(`create ${options} busybox`)).stderr, message);
  await refused(
    "--network host --network blue",
    /cannot use several networks: .* no network of its own \(host\)/,
  );
  await refused("--network name=blue,color=red", /"color=red" is none of name, alias/);
  await refused("--network alias=db", /it names no network/);
  await refused("--network none --ip 10.8.0.2", /cannot use --ip: .*\(none\)/);
});

test("the image @host is an image like any other", async () => {
  await using cli = await openCli({ local: ["@host"] });
  assert.equal((await cli.run("run --rm @host echo hi")).stdout, "hi\n");
});

const refused: [line: string | string[], code: number, stderr: RegExp][] = [
  [
    "run --memory big busybox",
    125,
    /^tug: invalid argument "big" for "-m, --memory" flag: it is not a size such as/,
  ],
  [
    "run -v /a:b busybox",
    125,
    /^tug: invalid argument "\/a:b" for "-v, --volume" flag: invalid volume specification/,
  ],
  ["run --mount type=bind,dst=/a busybox", 125, /for "--mount" flag: a bind mount needs a source\n/],
  ["run --ulimit nofile=2:1 busybox", 125, /for "--ulimit" flag: ulimit soft limit must be less than/],
  ["run --platform nonsense busybox", 125, /for "--platform" flag: invalid platform "nonsense"/],
  ["run --pull soon busybox", 125, /for "--pull" flag: it must be one of always, missing, never/],
  ["run -p 80:x busybox", 125, /for "-p, --publish" flag: "x" is neither a port nor a range of ports/],
  [
    "run --env-file /nonexistent busybox",
    125,
    /^tug: cannot read \/nonexistent \(--env-file\): no such file or directory/,
  ],
  [
    "run --security-opt seccomp=/nonexistent busybox",
    125,
    /^tug: cannot read \/nonexistent \(--security-opt\): no such file or directory/,
  ],
  ["run -d -a stdout busybox", 125, /^tug: conflicting options: cannot specify both --attach and --detach\n/],
  [
    "run --no-healthcheck --health-cmd x busybox",
    125,
    /^tug: --no-healthcheck conflicts with --health-\* options\n/,
  ],
  ["run --detach-keys ctrl-A busybox", 125, /^tug: invalid detach keys "ctrl-A"/],
  [
    "run --pid container: busybox",
    125,
    /^tug: invalid --pid: container: needs the name or id of a container\n/,
  ],
  ["run --cap-add NET-RAW busybox", 125, /^tug: invalid --cap-add: "NET-RAW" is no capability\n/],
  ["run -w tmp busybox", 125, /^tug: invalid --workdir: the working directory 'tmp' is invalid/],
  [
    "run --restart often busybox",
    125,
    /^tug: invalid --restart: invalid restart policy: unknown policy 'often'/,
  ],
  ["run -v /a:/x --tmpfs /x busybox", 125, /^tug: invalid --tmpfs: Duplicate mount point: \/x\n/],
  [["run", ""], 125, /^tug: invalid IMAGE: no image was named\n/],
];

for (const [line, code, stderr] of refused) {
  test(`"tug ${line}" is refused in one sentence and makes nothing`, async () => {
    await using cli = await openCli();
    const result = await cli.run(line);
    assert.match(result.stderr, stderr);
    assert.deepEqual([result.code, result.stdout], [code, ""]);
    assert.deepEqual(cli.engine.containers.requests, []);
  });
}

function delay(): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, 20));
}

async function waitFor(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await delay();
}
