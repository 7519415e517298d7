import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { createFakeEngine, type FakeEngineOptions } from "../../src/api/docker/testing/fake-engine.ts";
import { openDoor } from "../../src/api/docker/testing/open-door.ts";
import { debianProgram, temporaryDirectory } from "../environment/index.ts";

const docker = debianProgram("docker");
const needs = { skip: docker.skip };

type Result = { code: number | null; stdout: string; stderr: string };

/** The stock client before a door with an engine in memory. */
async function openDocker(options: FakeEngineOptions = {}) {
  const engine = createFakeEngine(options);
  const door = await openDoor(engine.ports);
  const directory = await temporaryDirectory();
  return {
    engine,
    async run(args: readonly string[], input = ""): Promise<Result> {
      const child = spawn(docker.path, args, {
        env: {
          DOCKER_HOST: `unix://${door.socketPath}`,
          DOCKER_CONFIG: directory.path,
          HOME: directory.path,
        },
      });
      child.stdin.on("error", () => {});
      child.stdin.end(input);
      const closed = new Promise<number | null>((resolve) => child.once("close", resolve));
      const [stdout, stderr, code] = await Promise.all([text(child.stdout), text(child.stderr), closed]);
      return { code, stdout, stderr };
    },
    async [Symbol.asyncDispose]() {
      await door[Symbol.asyncDispose]();
      await directory[Symbol.asyncDispose]();
    },
  };
}

test("the stock client runs containers, with input, exit codes and both outputs", needs, async () => {
  await using client = await openDocker();
  assert.deepEqual(await client.run(["run", "--rm", "busybox", "echo", "hi"]), {
    code: 0,
    stdout: "hi\n",
    stderr: "",
  });
  assert.equal((await client.run(["run", "-i", "--rm", "busybox", "cat"], "hello")).stdout, "hello");
  assert.equal((await client.run(["run", "busybox", "exit", "42"])).code, 42);
  assert.deepEqual(await client.run(["run", "busybox", "complain", "no"]), {
    code: 1,
    stdout: "",
    stderr: "no\n",
  });
  assert.equal((await client.run(["run", "busybox", "nonesuch"])).code, 127);
});

test("the stock client pulls what is missing and shows the progress", needs, async () => {
  await using client = await openDocker({ remote: ["debian:latest"] });
  const { code, stdout, stderr } = await client.run(["run", "--rm", "debian", "echo", "hi"]);
  assert.deepEqual([code, stdout], [0, "hi\n"]);
  assert.match(stderr, /Unable to find image 'debian:latest' locally\n.*Status: Downloaded newer image/s);
  assert.match((await client.run(["run", "broken"])).stderr, /digest of layer is wrong/);
});

test("the stock client manages containers by name", needs, async () => {
  await using client = await openDocker();
  const { stdout: id } = await client.run(["run", "-d", "--name", "web", "-m", "5m", "busybox", "sleep"]);
  assert.match((await client.run(["ps"])).stdout, new RegExp(`\\n${id.slice(0, 12)} +busybox +"sleep" `));
  assert.equal((await client.run(["inspect", "-f", "{{.HostConfig.Memory}}", "web"])).stdout, "5242880\n");
  assert.match(
    (await client.run(["run", "--name", "web", "busybox"])).stderr,
    /Conflict\. The container name "\/web"/,
  );
  assert.equal((await client.run(["stop", "web"])).stdout, "web\n");
  assert.equal((await client.run(["wait", "web"])).stdout, "143\n");
  assert.equal((await client.run(["start", "web"])).code, 0);
  assert.equal((await client.run(["rm", "-f", "web"])).stdout, "web\n");
  assert.match((await client.run(["inspect", "web"])).stderr, /No such object: web/i);
});

test("the stock client manages images and archives", needs, async () => {
  await using client = await openDocker();
  assert.match((await client.run(["images"])).stdout, /\nbusybox +latest +[0-9a-f]{12} .* 4\.26MB\n/);
  assert.equal((await client.run(["tag", "busybox", "mine:1"])).code, 0);
  assert.equal((await client.run(["save", "mine:1"])).stdout, "images mine:1");
  assert.match((await client.run(["history", "mine:1"])).stdout, /ADD rootfs\.tar/);
  assert.match((await client.run(["rmi", "mine:1"])).stdout, /^Untagged: mine:1\nDeleted: sha256:/);
  assert.match((await client.run(["load"], "archive")).stdout, /Loaded image: loaded:latest/);
  assert.match((await client.run(["info"])).stdout, /Server Version: 0\.0\.0-fake/);
  assert.match((await client.run(["version"])).stdout, /API version: +1\.55 \(minimum version 1\.24\)/);
});

test("the stock client manages volumes", needs, async () => {
  await using client = await openDocker();
  assert.equal((await client.run(["volume", "create", "--label", "stage=test", "data"])).stdout, "data\n");
  assert.equal((await client.run(["volume", "ls", "-q", "-f", "label=stage=test"])).stdout, "data\n");
  assert.equal((await client.run(["volume", "inspect", "-f", "{{.Driver}}", "data"])).stdout, "local\n");
  assert.match((await client.run(["volume", "prune", "-af"])).stdout, /^Deleted Volumes:\ndata\n/);
  const missing = await client.run(["volume", "rm", "data"]);
  assert.equal(missing.code, 1);
  assert.match(missing.stderr, /no such volume/);
});
