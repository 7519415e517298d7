import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { after, before, describe, test } from "node:test";
import { type CommandResult, debianProgram } from "../environment/index.ts";
import {
  needsBox,
  needsSsh,
  type SshServer,
  startSshServer,
  startTugCommand,
  until,
  useEngine,
} from "./harness/index.ts";

const docker = debianProgram("docker");

describe("the engine of another machine", { skip: needsBox() || needsSsh() }, () => {
  const engine = useEngine();
  let server: SshServer;
  let host: string;
  before(async () => {
    server = await startSshServer(engine);
    host = `ssh://root@127.0.0.1:${server.port}`;
  });
  after(() => server?.[Symbol.asyncDispose]());
  const tug = (args: readonly string[], env: Record<string, string> = {}, input = "") =>
    // No engine of its own can be meant.
    engine.tug(args, { env: { ...server.env, TUG_RUN_ROOT: "/nonexistent", ...env }, input });

  test("is used by ssh, with input, outputs and exit codes", async () => {
    const ran = await tug(
      ["-H", host, "run", "--rm", "-i", "box", "sh", "-c", "cat; echo no >&2; exit 7"],
      {},
      "hello",
    );
    assert.deepEqual(ran, { code: 7, stdout: "hello", stderr: "no\n" });
    assert.equal((await tug(["--host", host, "ps", "-aq"])).stdout, "");
    for (const line of await server.commands()) assert.equal(line, "tug system dial-stdio");
  });

  test("is found by a variable of either name, and by the path of a socket there", async () => {
    for (const name of ["TUG_HOST", "DOCKER_HOST"])
      assert.match((await tug(["images", "-q"], { [name]: host })).stdout, /^[0-9a-f]{12}\n/);
    const there = await tug(["-H", `${host}${engine.run}/tug.sock`, "images", "-q"]);
    assert.match(there.stdout, /^[0-9a-f]{12}\n/, there.stderr);
    assert.equal(
      (await server.commands()).at(-1),
      `tug --host unix://${engine.run}/tug.sock system dial-stdio`,
    );
  });

  test("is found by a context that tug or the stock client has made", { skip: docker.skip }, async () => {
    const stock = (...args: string[]) => runStock(args, server.env);
    assert.equal(
      (await tug(["context", "create", "far", "--description", "by tug", "--docker", `host=${host}`])).code,
      0,
    );
    const made = await stock(
      "context",
      "create",
      "away",
      "--description",
      "by docker",
      "--docker",
      `host=${host}`,
    );
    assert.equal(made.code, 0, made.stderr);
    assert.deepEqual((await stock("context", "ls", "-q")).stdout.split("\n").sort(), [
      "",
      "away",
      "default",
      "far",
    ]);
    assert.deepEqual((await tug(["context", "ls", "-q"])).stdout.split("\n").sort(), [
      "",
      "away",
      "default",
      "far",
    ]);
    assert.deepEqual(
      JSON.parse((await tug(["context", "inspect", "far", "away"])).stdout),
      JSON.parse((await stock("context", "inspect", "far", "away")).stdout),
    );
    assert.equal((await stock("context", "use", "far")).code, 0);
    assert.equal((await tug(["context", "show"])).stdout, "far\n");
    assert.match((await tug(["images", "-q"])).stdout, /^[0-9a-f]{12}\n/);
    assert.match((await stock("images", "-q")).stdout, /^[0-9a-f]{12}\n/);
    assert.match((await tug(["context", "rm", "far"])).stderr, /it is the one that is used/);
    assert.equal((await tug(["context", "use", "away"])).code, 0);
    assert.equal((await stock("context", "show")).stdout, "away\n");
    assert.match((await tug(["images", "-q"])).stdout, /^[0-9a-f]{12}\n/);
    assert.equal((await tug(["context", "rm", "-f", "away", "far"])).code, 0);
    assert.deepEqual((await stock("context", "ls", "-q")).stdout, "default\n");
  });

  test("that ssh does not lead to is told in the words of ssh", async () => {
    const refused = await tug(["-H", "ssh://root@127.0.0.1:1", "run", "box", "true"]);
    assert.equal(refused.code, 125);
    assert.match(
      refused.stderr,
      /^tug: cannot reach the engine on 127\.0\.0\.1 by ssh: .*Connection refused\n/,
    );
    const stranger = await tug(["-H", host.replace("127.0.0.1", "localhost"), "ps"]);
    assert.match(stranger.stderr, /by ssh: Host key verification failed\.\n/);
    await server.answerWith("echo 'one thing' >&2; printf 'no \\033[31mtug here' >&2; exit 127");
    const absent = await tug(["-H", host, "ps"]);
    assert.match(
      absent.stderr,
      /by ssh: no \?\[31mtug here\nsee whether this works without questions: ssh -T -l root/,
    );
  });
});

describe("tug system dial-stdio", { skip: needsBox() }, () => {
  const engine = useEngine();

  test("joins its input and output with the engine, and ends when the engine closes", async () => {
    const request = "GET /_ping HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    for (const args of [
      ["system", "dial-stdio"],
      ["-H", `unix://${engine.run}/tug.sock`, "system", "dial-stdio"],
    ]) {
      const answered = await engine.tug(args, { input: request });
      assert.match(answered.stdout, /^HTTP\/1\.1 200 OK\r\n.*OK/s);
      assert.deepEqual([answered.code, answered.stderr], [0, ""]);
    }
  });

  test("closes each half by itself", async () => {
    await using dialed = startTugCommand(engine, ["system", "dial-stdio"]);
    const { Id } = JSON.parse(await engine.ok(["container", "inspect", "-f", "json", await created()]))[0];
    dialed.child.stdin?.write(
      `POST /containers/${Id}/attach?stream=1&stdin=1&stdout=1 HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n`,
    );
    await dialed.prints(/101 UPGRADED/);
    await engine.ok(["start", Id]);
    dialed.child.stdin?.end("all of it");
    await dialed.prints(/all of it.*over/s);
    assert.equal(await dialed.code, 0);
  });

  const created = async () => (await engine.ok(["create", "-i", "box", "sh", "-c", "cat; echo over"])).trim();

  test("starts an engine where there is none, and ends with one that is killed", async () => {
    await engine.stopEngine("SIGTERM");
    await using dialed = startTugCommand(engine, ["system", "dial-stdio"]);
    dialed.child.stdin?.write("GET /_ping HTTP/1.1\r\nHost: x\r\n\r\n");
    await dialed.prints(/200 OK/);
    await engine.stopEngine("SIGKILL");
    await until("it has ended", () => dialed.child.exitCode !== null);
  });

  test("whom nobody answers gets one sentence", async () => {
    const nobody = await engine.tug(["-H", "unix:///nonexistent.sock", "system", "dial-stdio"]);
    assert.deepEqual(
      [nobody.code, nobody.stderr],
      [125, "tug: cannot connect to the engine at /nonexistent.sock: no such file or directory\n"],
    );
  });
});

function runStock(args: readonly string[], env: Readonly<Record<string, string>>): Promise<CommandResult> {
  return new Promise((done) => {
    execFile(docker.path, args, { env }, (error, stdout, stderr) =>
      done({ code: error === null ? 0 : Number(error.code), stdout, stderr }),
    );
  });
}
