import assert from "node:assert/strict";
import { test } from "node:test";
import { type CliBench, openCli } from "./cli.ts";

async function ok(cli: CliBench, line: string | readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await cli.run(line);
  assert.deepEqual([code, stderr], [0, ""], String(line));
  return stdout;
}

async function idOf(cli: CliBench, name: string): Promise<string> {
  return ok(cli, ["inspect", "-f", "{{.Id}}", name]);
}

test("published ports are shown, all of them or one", async () => {
  await using cli = await openCli();
  await ok(cli, "create --name web busybox");
  assert.equal(await ok(cli, "port web"), "");
  const none = await cli.run("port web 80");
  assert.deepEqual([none.code, none.stderr], [1, "tug: no public port '80/tcp' published for web\n"]);
  cli.engine.containers.publish("web", [
    { containerPort: 443, protocol: "tcp", hostAddress: "::", hostPort: 8443 },
    { containerPort: 80, protocol: "tcp", hostAddress: "0.0.0.0", hostPort: 8080 },
    { containerPort: 80, protocol: "tcp", hostAddress: "::1", hostPort: 8081 },
    { containerPort: 53, protocol: "udp" },
  ]);
  assert.equal(
    await ok(cli, "container port web"),
    "80/tcp -> 0.0.0.0:8080\n80/tcp -> [::1]:8081\n443/tcp -> [::]:8443\n",
  );
  assert.equal(await ok(cli, "port web 80"), "0.0.0.0:8080\n[::1]:8081\n");
  assert.equal(await ok(cli, "port web 443/tcp"), "[::]:8443\n");
  assert.match((await cli.run("port web 53/udp")).stderr, /no public port '53\/udp'/);
  assert.match((await cli.run("port web http")).stderr, /must look like 80 or 53\/udp/);
});

test("pruning asks before it removes anything, unless it is told not to", async () => {
  await using cli = await openCli();
  await ok(cli, "run -d --name web busybox sleep");
  await ok(cli, "create --name old -l tier=test busybox");
  const id = (await idOf(cli, "old")).trim();
  const asked = await cli.run("container prune", { input: "n\n" });
  assert.deepEqual([asked.stdout, /Go on\? \[y\/N\]/.test(asked.stderr)], ["", true]);
  assert.equal(await ok(cli, "container prune -f --filter label=tier=other"), "Total reclaimed space: 0B\n");
  assert.equal(
    await ok(cli, "container prune -f --filter label=tier --filter label!=stage"),
    `Deleted Containers:\n${id}\n\nTotal reclaimed space: 1kB\n`,
  );
  await ok(cli, "create --name older busybox");
  const all = await cli.run("system prune -a", { input: "y\n" });
  assert.match(all.stdout, /^Deleted Containers:\n[0-9a-f]{64}\n\n.*Total reclaimed space: /s);
  assert.equal(await ok(cli, ["ps", "-a", "--format", "{{.Names}}"]), "web\n");
  assert.match(
    (await cli.run("container prune -f --filter until=soon")).stderr,
    /invalid until filter: "soon"/,
  );
});

test("system df adds up what could be reclaimed", async () => {
  await using cli = await openCli();
  await ok(cli, "run -d --name web busybox sleep");
  await ok(cli, "create --name idle busybox");
  const [heading, images, containers, volumes, cache] = (await ok(cli, "system df"))
    .split("\n")
    .map((line) => line.trimEnd().split(/ {2,}/));
  assert.deepEqual(heading, ["TYPE", "TOTAL", "ACTIVE", "SIZE", "RECLAIMABLE"]);
  assert.equal(images?.[0], "Images");
  assert.deepEqual(containers, ["Containers", "2", "1", "6B", "3B (50%)"]);
  assert.deepEqual(volumes, ["Local Volumes", "0", "0", "0B", "0B"]);
  assert.deepEqual(cache, ["Build Cache", "0", "0", "0B", "0B"]);
  assert.equal(
    await ok(cli, ["system", "df", "--format", "{{.Type}}={{.TotalCount}}"]),
    "Images=1\nContainers=2\nLocal Volumes=0\nBuild Cache=0\n",
  );
  const verbose = await ok(cli, "system df -v");
  assert.match(verbose, /^Images space usage:\n\nREPOSITORY .*UNIQUE SIZE {3}CONTAINERS\n/);
  assert.match(verbose, /\nContainers space usage:\n\nCONTAINER ID .*\n(.*\n)*.* web\n/);
  assert.match(verbose, /\nBuild cache usage: 0B\n$/);
  assert.equal(await ok(cli, ["system", "df", "-v", "--format", "{{len .Containers}}"]), "2\n");
  assert.match((await cli.run("system df -v --format table")).stderr, /leave out one of them/);
});

test("system df --why says who keeps what, and what would be free", async () => {
  await using cli = await openCli();
  const { code, stdout, stderr } = await cli.run("system df --why");
  assert.deepEqual([code, stderr], [0, ""]);
  assert.deepEqual(
    stdout.split("\n").map((line) => line.trimEnd().split(/ {2,}/)),
    [
      ["SIZE", "FREE WITHOUT IT", "WHAT", "LAST USED", "GOES", "WHY IT IS KEPT"],
      [
        ...["6MB", "6MB", "image busybox:latest", "3 days ago", "no: it is in use"],
        "named busybox:latest; containers web",
      ],
      ["3kB", "0B", "image cdcdcdcdcdcd", "2 days ago", "as number 1", "has lost its name: tug image prune"],
      [
        ...["2kB", "2kB", "repository localhost:5000/signature"],
        "was pushed to a registry, or fetched by a mirror",
      ],
      ["1kB", "1kB", "in use", "containers stand on it, or it is being made"],
      ["500B", "500B", "leftovers", "for nothing: tug image prune"],
      [""],
    ],
  );
  assert.equal(
    (await cli.run(["system", "df", "--why", "--format", "{{.Blobs}} {{.Layers}}"])).stdout.split("\n")[0],
    "2MB 4MB",
  );
  assert.equal((await cli.run("system df --why -v")).code, 1);
});
