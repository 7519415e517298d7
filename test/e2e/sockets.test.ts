import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { once } from "node:events";
import { existsSync, statSync } from "node:fs";
import { type IncomingMessage, request } from "node:http";
import { before, describe, test } from "node:test";
import { type CommandResult, debianProgram } from "../environment/index.ts";
import { forbiddenBodies } from "./harness/forbidden-bodies.ts";
import { type ApiAnswer, askApi, askUpgrade, needsBox, useEngine } from "./harness/index.ts";

const docker = debianProgram("docker");
const MB = 1024 * 1024;

describe("a scoped socket", { skip: needsBox() }, () => {
  const engine = useEngine();
  const socketOf = (name: string) => `${engine.run}-sockets/${name}.sock`;
  const ask = (method: string, path: string, body?: unknown): Promise<ApiAnswer> =>
    askApi(socketOf("ci"), [method, path], body);
  const asOwner = (method: string, path: string, body?: unknown): Promise<ApiAnswer> =>
    askApi(`${engine.run}/tug.sock`, [method, path], body);
  /** A container of the owner's, and a program in it. */
  let victim: string;
  let program: string;

  before(async () => {
    const quota = ["--containers", "3", "--memory", "64m", "--cpus", "0.5", "--pids", "50"];
    const printed = await engine.ok(["system", "socket", "create", "ci", "--allow", "all", ...quota]);
    assert.equal(printed, `${socketOf("ci")}\n`);
    const victims = ["--name", "victim", "-e", "PASSWORD=hunter2", "-v", "vault:/vault"];
    victim = (
      await engine.ok([
        "run",
        "-d",
        ...victims,
        "box",
        "sh",
        "-c",
        "trap exit TERM; echo up; sleep 1000 & wait",
      ])
    ).trim();
    program = (await asOwner("POST", `/containers/${victim}/exec`, { Cmd: ["true"] })).json<{ Id: string }>()
      .Id;
  });

  test("shows nothing of what is not in its scope, by whatever name it is asked for", async () => {
    assert.deepEqual((await ask("GET", "/containers/json?all=1")).json(), []);
    for (const reference of ["victim", victim, victim.slice(0, 12), victim.slice(0, 1)]) {
      const at = `/containers/${reference}`;
      for (const [method, path, body] of [
        ["GET", `${at}/json`],
        ["GET", `${at}/logs?stdout=1`],
        ["GET", `${at}/top`],
        ["GET", `${at}/stats?stream=0`],
        ["GET", `${at}/changes`],
        ["GET", `${at}/export`],
        ["GET", `${at}/archive?path=/etc/passwd`],
        ["HEAD", `${at}/archive?path=/etc/passwd`],
        ["PUT", `${at}/archive?path=/`],
        ["GET", `/tug${at}/why`],
        ["POST", `${at}/attach?stream=1&stdout=1`],
        ["POST", `${at}/exec`, { Cmd: ["true"] }],
        ["POST", `${at}/wait`],
        ["POST", `${at}/start`],
        ["POST", `${at}/stop`],
        ["POST", `${at}/restart`],
        ["POST", `${at}/kill`],
        ["POST", `${at}/pause`],
        ["POST", `${at}/unpause`],
        ["GET", `${at}/checkpoints`],
        ["POST", `${at}/checkpoints`, { CheckpointID: "mine" }],
        ["DELETE", `${at}/checkpoints/mine`],
        ["POST", `${at}/start?checkpoint=mine`],
        ["POST", `${at}/resize?h=1&w=1`],
        ["POST", `${at}/rename?name=mine`],
        ["POST", `${at}/update`, { Memory: 8 * MB }],
        ["POST", `/commit?container=${reference}`],
        ["DELETE", `${at}?force=1`],
      ] as const) {
        const answer = await ask(method, path, body);
        assert.equal(answer.status, 404, `${method} ${path}: ${answer.text}`);
        if (reference !== victim) assert.doesNotMatch(answer.text, new RegExp(victim.slice(12)));
      }
      assert.match(await askUpgrade(socketOf("ci"), ["POST", `${at}/attach?stream=1&stdin=1`]), /404/);
    }
    for (const [method, path] of [
      ["GET", `/exec/${program}/json`],
      ["POST", `/exec/${program}/start`],
      ["POST", `/exec/${program}/resize?h=1&w=1`],
    ] as const)
      assert.equal((await ask(method, path, method === "POST" ? {} : undefined)).status, 404, path);
    assert.match(await askUpgrade(socketOf("ci"), ["POST", `/exec/${program}/start`]), /404/);
    for (const path of ["/volumes/vault", "/tug/volumes/vault/export"])
      assert.equal((await ask("GET", path)).status, 404, path);
    assert.equal((await ask("DELETE", "/volumes/vault")).status, 404);
    assert.equal((await engine.ok(["inspect", "-f", "{{.State.Status}}", "victim"])).trim(), "running");
  });

  test("makes no container that has anything of the machine, or of others", async () => {
    for (const [what, status, HostConfig, more] of forbiddenBodies) {
      const answer = await ask("POST", "/containers/create", {
        Image: "box",
        Cmd: ["true"],
        HostConfig,
        ...more,
      });
      assert.equal(answer.status, status, `${what}: ${answer.text}`);
    }
    const options = { type: "none", o: "bind", device: "/etc" };
    assert.equal((await ask("POST", "/volumes/create", { Name: "fresh", DriverOpts: options })).status, 403);
    assert.equal((await ask("POST", "/volumes/create", { Name: "vault" })).status, 403);
    assert.equal((await ask("POST", "/volumes/create", { Labels: { "tug.scope": "other" } })).status, 403);
    assert.equal((await engine.ok(["ps", "-aq"])).trim(), victim.slice(0, 12));
    assert.equal(await engine.ok(["volume", "ls", "-q"]), "vault\n");
  });

  test("has checkpoints of its containers nowhere but in their own directories", async () => {
    const { Id } = (await ask("POST", "/containers/create", { Image: "box", Cmd: ["true"] })).json<{
      Id: string;
    }>();
    const at = `/containers/${Id}`;
    for (const [method, path, body] of [
      ["POST", `${at}/checkpoints`, { CheckpointID: "mine", CheckpointDir: "/etc" }],
      ["GET", `${at}/checkpoints?dir=/etc`],
      ["DELETE", `${at}/checkpoints/mine?dir=/etc`],
      ["POST", `${at}/start?checkpoint=mine&checkpoint-dir=/etc`],
    ] as const) {
      const answer = await ask(method, path, body);
      assert.equal(answer.status, 403, answer.text);
      assert.match(answer.text, /a checkpoint directory is a path of the machine/);
    }
    assert.deepEqual((await ask("GET", `${at}/checkpoints`)).json(), []);
    assert.equal((await ask("POST", `${at}/start?checkpoint=mine`)).status, 404);
    assert.equal((await ask("DELETE", at)).status, 204);
  });

  test("leaves the rest of the engine to its owner", async () => {
    for (const [method, path] of [
      ["POST", "/build"],
      ["POST", "/session"],
      ["POST", "/grpc"],
      ["GET", "/swarm"],
      ["POST", "/swarm/init"],
      ["GET", "/plugins"],
      ["POST", "/plugins/pull"],
      ["GET", "/tug/engine"],
      ["POST", "/tug/engine/end"],
      ["POST", "/tug/explain"],
      ["GET", `/tug/containers/${victim}/plan`],
      ["GET", "/tug/sockets"],
      ["POST", "/tug/sockets/create"],
      ["POST", "/tug/registry/serve"],
      ["POST", "/tug/images/copy"],
      ["GET", "/tug/images/look?place=oci:/etc"],
      ["GET", "/tug/system/keepers"],
      ["POST", "/tug/system/check"],
      ["GET", "/tug/networks/explain?port=1"],
      ["POST", "/tug/volumes/vault/clone?name=mine"],
      ["GET", "/v1.44/distribution/box/json"],
    ] as const) {
      const answer = await ask(method, path, method === "POST" ? {} : undefined);
      assert.equal(answer.status, 403, `${method} ${path}: ${answer.text}`);
      assert.match(
        answer.json<{ message: string }>().message,
        /through the socket ci: it is for the machine's owner$/,
      );
    }
    assert.match(await askUpgrade(socketOf("ci"), ["POST", "/session"]), /403/);
    assert.equal((await ask("GET", "/nonesuch")).status, 404);
    const address = await ask("POST", "/images/create?fromSrc=http://127.0.0.1:1/x");
    assert.match(address.text, /no addresses are read from/);
  });

  test("lets the stock client work, within the quota", { skip: docker.skip }, async () => {
    const client = (...args: string[]) => runDocker(args, socketOf("ci"), engine.directory);
    const ran = await client("run", "--rm", "-e", "A=b", "box", "sh", "-c", "echo $A; echo no >&2; exit 3");
    assert.deepEqual(ran, { code: 3, stdout: "b\n", stderr: "no\n" });
    const up = "trap exit TERM; echo up; sleep 1000 & wait";
    const started = await client("run", "-d", "--name", "mine", "-v", "data:/data", "box", "sh", "-c", up);
    assert.equal(started.code, 0, started.stderr);
    assert.equal((await client("ps", "-a", "--format", "{{.Names}}")).stdout, "mine\n");
    assert.equal((await client("exec", "mine", "cat", "/proc/1/comm")).stdout, "sh\n");
    assert.equal((await client("logs", "mine")).stdout, "up\n");
    assert.equal((await client("volume", "ls", "-q")).stdout, "data\n");
    const format =
      "{{.HostConfig.Memory}} {{.HostConfig.NanoCpus}} {{.HostConfig.PidsLimit}} {{.Config.Labels}}";
    const limits = `${64 * MB} 500000000 50 map[tug.scope:ci]\n`;
    assert.equal((await client("inspect", "-f", format, "mine")).stdout, limits);
    assert.match((await client("exec", "--privileged", "mine", "true")).stderr, /no program is privileged/);
    for (const raised of [
      ["-m", "65m"],
      ["--cpus", "1"],
      ["--pids-limit", "51"],
      ["--pids-limit", "-1"],
    ])
      assert.notEqual((await client("update", ...raised, "mine")).code, 0, raised.join(" "));
    for (const gone of [
      { PidsLimit: 0 },
      { Memory: -1 },
      { MemorySwap: -1 },
      { CpuQuota: -1 },
      { NanoCpus: -1 },
    ])
      await ask("POST", "/containers/mine/update", gone);
    assert.equal((await client("inspect", "-f", format, "mine")).stdout, limits);
    const lowered = await client("update", "--pids-limit", "40", "mine");
    assert.equal(lowered.code, 0, lowered.stderr);
    assert.match((await client("run", "--rm", "--volumes-from", "mine", "box", "ls", "/")).stdout, /^data$/m);
    const shared = await client(
      "run",
      "--rm",
      "--pid",
      "container:mine",
      "box",
      "sh",
      "-c",
      "ls /proc | grep -c '^[0-9]'",
    );
    assert.ok(Number(shared.stdout) > 2, shared.stderr);
    assert.match((await client("system", "df", "-v")).stdout, /mine/);
    assert.doesNotMatch((await client("system", "df", "-v")).stdout, /victim|vault/);
    assert.equal((await client("info", "--format", "{{.Containers}}")).stdout, "1\n");
    assert.equal((await client("rm", "-f", "-v", "mine")).code, 0);
    assert.equal((await client("volume", "rm", "data")).stdout, "data\n");
  });

  test("counts containers, however many are asked for at once", async () => {
    const made = await Promise.all(
      Array.from({ length: 6 }, () => ask("POST", "/containers/create", { Image: "box", Cmd: ["true"] })),
    );
    assert.deepEqual(made.map(({ status }) => status).sort(), [201, 201, 201, 403, 403, 403]);
    const pruned = await ask("POST", "/containers/prune");
    assert.equal(pruned.json<{ ContainersDeleted: string[] }>().ContainersDeleted.length, 3);
  });

  test("prunes what is in its scope, and nothing else", async () => {
    await engine.ok(["create", "--name", "stopped", "box", "true"]);
    await engine.ok(["volume", "create", "unused"]);
    await ask("POST", "/volumes/create", { Name: "own" });
    await ask("POST", "/containers/create?name=own", { Image: "box" });
    await ask("POST", "/containers/prune");
    await ask("POST", '/volumes/prune?filters={"all":["1"]}');
    assert.match(await engine.ok(["ps", "-a"]), /stopped/);
    assert.doesNotMatch(await engine.ok(["ps", "-a"]), /own/);
    assert.equal(await engine.ok(["volume", "ls", "-q"]), "unused\nvault\n");
    await engine.ok(["rm", "stopped"]);
    await engine.ok(["volume", "rm", "unused"]);
  });

  test("tells of a name that is taken, but not by whom", async () => {
    const created = await ask("POST", "/containers/create?name=victim", { Image: "box" });
    assert.equal(created.status, 409);
    assert.doesNotMatch(created.text, new RegExp(victim.slice(0, 12)));
    const { Id } = (await ask("POST", "/containers/create?name=own", { Image: "box" })).json<{
      Id: string;
    }>();
    const renamed = await ask("POST", `/containers/${Id}/rename?name=victim`);
    assert.equal(renamed.status, 409);
    assert.doesNotMatch(renamed.text, new RegExp(victim.slice(0, 12)));
    const twice = await ask("POST", "/containers/create?name=own", { Image: "box" });
    assert.match(twice.text, new RegExp(Id));
    assert.equal((await ask("DELETE", `/containers/${Id}`)).status, 204);
  });

  test("tells only what happens in its scope", async () => {
    const since = Date.now() / 1000 - 3600;
    const until = Date.now() / 1000 + 0.5;
    const [told] = await Promise.all([
      ask("GET", `/events?since=${since}&until=${until}`),
      engine.ok(["run", "--rm", "--name", "passing", "box", "true"]),
      ask("POST", "/volumes/create", { Name: "own" }),
    ]);
    assert.doesNotMatch(told.text, /victim|vault|passing|hunter2/);
    assert.doesNotMatch(told.text, new RegExp(victim));
    const own = told.text.split("\n").filter((line) => line.includes('"Type":"container"'));
    assert.ok(own.length > 5);
    for (const line of own) assert.equal(JSON.parse(line).Actor.Attributes["tug.scope"], "ci");
    assert.equal((await ask("DELETE", "/volumes/own")).status, 204);
  });

  test("shows what its owner puts into its scope, but not what an image says of itself", async () => {
    await engine.ok(["commit", "-c", "LABEL tug.scope=ci", "victim", "sneaky"]);
    await engine.ok(["create", "--name", "fooled", "sneaky", "true"]);
    await engine.ok([
      "create",
      "--name",
      "given",
      "-l",
      "tug.scope=ci",
      "-v",
      "/etc:/etc2:ro",
      "box",
      "true",
    ]);
    const seen = (await ask("GET", "/containers/json?all=1")).json<{ Names: string[] }[]>();
    assert.deepEqual(
      seen.map(({ Names }) => Names[0]),
      ["/given"],
    );
    const inherited = await ask("POST", "/containers/create", {
      Image: "box",
      HostConfig: { VolumesFrom: ["given"] },
    });
    assert.equal(inherited.status, 403);
    await engine.ok(["rm", "fooled", "given"]);
  });

  test("comes back with the next engine, and belongs to whom it was given", async () => {
    const options = [
      "--allow",
      "containers:read,events:read",
      "--scope",
      "ci",
      "--user",
      "65534:65534",
      "--mode",
      "0660",
    ];
    await engine.ok(["system", "socket", "create", "watch", ...options]);
    await engine.stopEngine("SIGKILL");
    assert.match(await engine.ok(["system", "socket", "ls"]), /^watch +ci +65534:65534 +0660 +\//m);
    const { uid, gid, mode } = statSync(socketOf("watch"));
    assert.deepEqual([uid, gid, mode & 0o777], [65534, 65534, 0o660]);
    assert.equal((await ask("GET", "/_ping")).text, "OK");
    const watch = (method: string, path: string) => askApi(socketOf("watch"), [method, path]);
    assert.deepEqual((await watch("GET", "/containers/json")).json(), []);
    const refused = await watch("GET", "/images/json");
    assert.equal(
      refused.json<{ message: string }>().message,
      "cannot GET /images/json through the socket watch: it does not allow images:read",
    );
    const events = request({ socketPath: socketOf("watch"), path: "/events" }).end();
    const [answer] = (await once(events, "response")) as [IncomingMessage];
    const cut = new Promise((resolve) => answer.once("close", resolve));
    answer.on("error", () => undefined).resume();
    await engine.ok(["system", "socket", "rm", "watch"]);
    await cut;
    assert.equal(existsSync(socketOf("watch")), false);
  });

  const wrong: readonly (readonly [line: string, message: RegExp])[] = [
    ["create x1", /allows nothing/],
    ["create x1 --allow everything", /cannot allow "everything": it is unknown/],
    ["create ../x --allow all", /cannot make a socket with the name/],
    ["create x1 --allow all --scope a/b", /with the scope/],
    ["create x1 --allow all --user nonesuch", /no such user or group/],
    ["create x1 --allow all --mode 9", /octal/],
    ["create x1 --allow all --memory 1", /\/Quota\/Memory is below/],
    ["create ci --allow all", /there is one of that name/],
    ["rm nonesuch", /no such socket: nonesuch/],
    ["inspect nonesuch", /no such socket: nonesuch/],
  ];

  test("with a policy that cannot be is not made", async () => {
    for (const [line, message] of wrong)
      assert.match((await engine.tug(["system", "socket", ...line.split(" ")])).stderr, message, line);
    assert.equal(await engine.ok(["system", "socket", "ls", "-q"]), "ci\n");
  });
});

function runDocker(args: readonly string[], socket: string, directory: string): Promise<CommandResult> {
  const env = { DOCKER_HOST: `unix://${socket}`, DOCKER_CONFIG: directory, HOME: directory };
  return new Promise((done) => {
    execFile(docker.path, args, { env }, (error, stdout, stderr) =>
      done({ code: error === null ? 0 : Number(error.code), stdout, stderr }),
    );
  });
}
