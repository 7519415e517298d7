import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { debianProgram, type TugInstance } from "../environment/index.ts";
import { busybox, fetchFrom, linksHere, startHere, succeeding } from "../network/own-engine.ts";
import { inOwnNetwork } from "../network/own-network.ts";

const compose = debianProgram("docker-compose");

/** A web server with health on two networks, one of them internal, a client that waits for it, and a short job. */
const project = `
services:
  web:
    image: busybox
    command: ["sh", "-c", "echo $$GREETING > /data/index.html; exec httpd -f -p 80 -h /data"]
    environment: { GREETING: hello }
    ports: ["8080:80"]
    volumes: ["data:/data", "./conf:/conf:ro"]
    healthcheck:
      test: ["CMD", "wget", "-q", "-O", "/dev/null", "http://127.0.0.1/"]
      interval: 1s
      retries: 20
    networks:
      front: { aliases: [www] }
      back: {}
  client:
    image: busybox
    depends_on: { web: { condition: service_healthy } }
    command: ["sh", "-c", "wget -q -O - http://www/; exec sleep 1000"]
    networks: [front]
  job:
    image: busybox
    depends_on: [web]
    command: ["sh", "-c", "wget -q -O - http://web/ && echo job done"]
    networks: [back]
networks:
  front: {}
  back: { internal: true }
volumes:
  data: {}
`;

/** Compose on a project in a directory of the instance. */
async function openProject(tug: TugInstance) {
  const directory = join(tug.directory, "shop");
  await mkdir(join(directory, "conf"), { recursive: true });
  await writeFile(join(directory, "conf/setting"), "from the host\n");
  await writeFile(join(directory, "compose.yaml"), project);
  const env = {
    DOCKER_HOST: `unix://${tug.run}/tug.sock`,
    DOCKER_CONFIG: tug.directory,
    HOME: tug.directory,
    PATH: process.env.PATH,
  };
  return {
    directory,
    compose(...args: string[]): string {
      const options = { cwd: directory, env, encoding: "utf8", timeout: 60_000 } as const;
      const { status, stdout, stderr } = spawnSync(compose.path, args, options);
      assert.equal(status, 0, `${args.join(" ")}: ${stderr}`);
      return stdout;
    },
  };
}

inOwnNetwork(import.meta.filename, busybox.skip || compose.skip, () => {
  test("compose brings a project up in the order of its conditions, looks at it, changes it and takes it down", async () => {
    const before = linksHere();
    await using tug = await startHere();
    const ok = succeeding(tug);
    const { compose, directory } = await openProject(tug);
    compose("up", "-d");
    const states = () =>
      compose("ps", "-a", "--format", "{{.Service}} {{.State}} {{.Health}}").trim().split("\n").sort();
    while (!states().includes("job exited ")) await sleep(50);
    assert.deepEqual(states(), ["client running ", "job exited ", "web running healthy"]);
    assert.equal(
      fetchFrom("127.0.0.1:8080"),
      "hello\n",
      "the port leads through the network that is not internal",
    );
    assert.equal(compose("port", "web", "80"), "0.0.0.0:8080\n");
    assert.match(compose("logs", "--no-color", "client"), /client-1 +\| hello$/m);
    assert.match(compose("logs", "--no-color", "job"), /job-1 +\| hello\n.*job-1 +\| job done$/m);
    assert.equal(compose("exec", "-T", "client", "wget", "-q", "-O", "-", "http://web/"), "hello\n");
    assert.equal(compose("exec", "-T", "web", "cat", "/conf/setting"), "from the host\n");
    assert.equal(compose("run", "--rm", "-T", "job", "echo", "once"), "once\n");
    assert.match(compose("top", "web"), /httpd -f -p 80/);
    compose("cp", "web:/data/index.html", "copied");
    assert.equal(await readFile(join(directory, "copied"), "utf8"), "hello\n");

    compose("pause", "client");
    assert.ok(states().includes("client paused "));
    compose("unpause", "client");
    compose("restart", "-t", "0", "client");
    compose("up", "-d", "--scale", "job=2");
    assert.equal(states().filter((state) => state.startsWith("job ")).length, 2);
    const id = () => compose("ps", "-q", "web");
    const old = id();
    await writeFile(join(directory, "compose.yaml"), project.replace("GREETING: hello", "GREETING: changed"));
    compose("up", "-d", "-t", "0");
    assert.notEqual(id(), old, "a changed service is made anew");
    assert.equal(fetchFrom("127.0.0.1:8080"), "changed\n");

    compose("down", "-v", "-t", "0");
    assert.equal(await ok("ps", "-aq"), "");
    assert.equal(await ok("volume", "ls", "-q"), "");
    assert.equal(await ok("network", "ls", "--format", "{{.Name}}"), "bridge\nhost\nnone\n");
    await tug.stopEngine("SIGTERM");
    assert.deepEqual(linksHere(), before);
  });
});
