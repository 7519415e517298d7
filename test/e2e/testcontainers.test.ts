import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { npmPackages, type TugInstance } from "../environment/index.ts";
import { busybox, linksHere, startHere, succeeding } from "../network/own-engine.ts";
import { inOwnNetwork } from "../network/own-network.ts";

const packages = npmPackages();

/** The library, told where the engine is; it looks for that when it is used first. */
function loadLibrary(tug: TugInstance) {
  Object.assign(process.env, {
    DOCKER_HOST: `unix://${tug.run}/tug.sock`,
    DOCKER_CONFIG: tug.directory,
    TMPDIR: tug.directory,
    // Its image is on a registry of the internet.
    TESTCONTAINERS_RYUK_DISABLED: "true",
  });
  return createRequire(join(packages.path, "package.json"))("testcontainers");
}

inOwnNetwork(import.meta.filename, busybox.skip || packages.skip, () => {
  test("testcontainers starts a service with files, health and a port, runs programs in it, and takes all of it away", async () => {
    const before = linksHere();
    await using tug = await startHere();
    const ok = succeeding(tug);
    const { GenericContainer, Network, Wait } = loadLibrary(tug);
    const network = await new Network().start();
    await writeFile(join(tug.directory, "setting"), "from the host\n");
    const script = 'echo "$GREETING" > /www/index.html; echo begins; exec httpd -f -p 80 -h /www';
    const probe = ["CMD", "wget", "-q", "-O", "/dev/null", "http://127.0.0.1/"];
    const web = await new GenericContainer("busybox")
      .withNetwork(network)
      .withNetworkAliases("www")
      .withExposedPorts(80)
      .withEnvironment({ GREETING: "hello" })
      .withLabels({ kind: "web" })
      .withCopyContentToContainer([{ content: "given\n", target: "/www/given" }])
      .withCopyFilesToContainer([{ source: join(tug.directory, "setting"), target: "/www/setting" }])
      .withTmpFs({ "/scratch": "rw,size=1m" })
      .withCommand(["sh", "-c", script])
      .withHealthCheck({ test: probe, interval: 1000, timeout: 2000, retries: 20 })
      .withWaitStrategy(
        Wait.forAll([
          Wait.forHttp("/", 80),
          Wait.forLogMessage("begins"),
          Wait.forHealthCheck(),
          Wait.forListeningPorts(),
        ]),
      )
      .start();
    const get = async (path: string): Promise<string> =>
      (await fetch(`http://${web.getHost()}:${web.getMappedPort(80)}${path}`)).text();
    assert.equal(await get("/"), "hello\n");
    assert.equal(await get("/given"), "given\n");
    assert.equal(await get("/setting"), "from the host\n");
    assert.equal(web.getLabels().kind, "web");

    const ended = await web.exec(["sh", "-c", "df -m /scratch | tail -n 1; echo err >&2; exit 3"]);
    assert.deepEqual([ended.exitCode, ended.stderr], [3, "err\n"]);
    assert.match(ended.stdout, /^tmpfs +1 /);

    const lines: string[] = [];
    const client = await new GenericContainer("busybox")
      .withNetwork(network)
      .withCommand(["wget", "-q", "-O", "-", "http://www/"])
      .withLogConsumer((stream: Readable) => stream.on("data", (line) => lines.push(String(line).trim())))
      .withWaitStrategy(Wait.forOneShotStartup())
      .start();
    while (lines.length === 0) await sleep(20);
    await client.stop();
    assert.deepEqual(lines, ["hello"]);

    await web.restart();
    assert.equal(await get("/"), "hello\n");
    const image = await web.commit({ repo: "local/web", tag: "1", deleteOnExit: false });
    assert.equal(await ok("image", "inspect", "-f", "{{.Id}}", "local/web:1"), `${image}\n`);

    await web.stop();
    await network.stop();
    assert.equal(await ok("ps", "-aq"), "");
    assert.equal(await ok("network", "ls", "--format", "{{.Name}}"), "bridge\nhost\nnone\n");
    await tug.stopEngine("SIGTERM");
    assert.deepEqual(linksHere(), before);
  });
});
