import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { debianProgram } from "../environment/index.ts";
import { busybox, fetchFrom, linksHere, startHere, succeeding } from "../network/own-engine.ts";
import { inOwnNetwork } from "../network/own-network.ts";
import { askApi } from "./harness/index.ts";

const compose = debianProgram("docker-compose");

const project = `
name: shop
services:
  web:
    image: busybox
    command: ["sh", "-c", "echo hello > /data/index.html; exec httpd -f -p 80 -h /data"]
    volumes: [data:/data]
    ports: ["8080:80"]
    networks: [front]
  client:
    image: busybox
    depends_on: [web]
    command: ["sh", "-c", "exec sleep 1000"]
    networks: [front]
networks:
  front: {}
volumes:
  data: {}
`;

inOwnNetwork(import.meta.filename, busybox.skip || compose.skip, () => {
  test("compose works through a scoped socket, beside what it must not see", async () => {
    const before = linksHere();
    await using tug = await startHere();
    const ok = succeeding(tug);
    const socket = (await ok("system", "socket", "create", "ci", "--allow", "all")).trim();
    await ok("network", "create", "foreign");
    const serve = ["sh", "-c", "echo secret > /www; exec httpd -f -p 80 -h /"];
    const victim = (
      await ok("run", "-d", "--name", "victim", "--network", "foreign", "busybox", ...serve)
    ).trim();
    await writeFile(join(tug.directory, "compose.yaml"), project);
    const run = (...args: string[]): string => {
      const { HOME, DOCKER_CONFIG } = { HOME: tug.directory, DOCKER_CONFIG: tug.directory };
      const env = { HOME, DOCKER_CONFIG, PATH: process.env.PATH, DOCKER_HOST: `unix://${socket}` };
      const options = { cwd: tug.directory, env, encoding: "utf8", timeout: 60_000 } as const;
      const { status, stdout, stderr } = spawnSync(compose.path, args, options);
      assert.equal(status, 0, `${args.join(" ")}: ${stderr}`);
      return stdout;
    };
    run("up", "-d");
    assert.equal(fetchFrom("127.0.0.1:8080"), "hello\n");
    assert.equal(run("exec", "-T", "client", "wget", "-q", "-O", "-", "http://web/"), "hello\n");
    assert.match(run("ps"), /shop-client-1/);

    const ask = (method: string, path: string, body?: unknown) => askApi(socket, [method, path], body);
    const listed = (await ask("GET", "/networks")).json<{ Name: string }[]>();
    assert.deepEqual(
      listed.map(({ Name }) => Name),
      ["shop_front"],
    );
    const status = async (host: object, more: object = {}) =>
      (await ask("POST", "/containers/create", { Image: "busybox", HostConfig: host, ...more })).status;
    const { Id: foreign } = JSON.parse(await ok("network", "inspect", "foreign"))[0];
    for (const name of ["foreign", foreign, foreign.slice(0, 12), "host"]) {
      assert.ok([403, 404].includes(await status({ NetworkMode: name })), name);
      const EndpointsConfig = { [name]: {} };
      assert.equal(await status({}, { NetworkingConfig: { EndpointsConfig } }), 404, name);
      const connected = await ask("POST", `/networks/${name}/connect`, { Container: "shop-client-1" });
      assert.equal(connected.status, 404);
    }
    for (const container of ["victim", victim]) {
      assert.equal(await status({ NetworkMode: `container:${container}` }), 404);
      const joined = await ask("POST", "/networks/shop_front/connect", { Container: container });
      assert.equal(joined.status, 404);
    }
    // What the owner connects to a network of the scope is not shown on it.
    await ok("network", "connect", "shop_front", "victim");
    const inspected = await ask("GET", "/networks/shop_front");
    assert.equal(Object.keys(inspected.json<{ Containers: object }>().Containers).length, 2);
    const inUse = await ask("DELETE", "/networks/shop_front");
    assert.ok(inUse.status >= 400);
    assert.doesNotMatch(inUse.text, /victim/);
    await ok("network", "disconnect", "shop_front", "victim");

    // A name that another network has by now does not lead there.
    await ask("POST", "/networks/create", { Name: "fleeting" });
    const made = { Image: "busybox", Cmd: ["true"], HostConfig: { NetworkMode: "fleeting" } };
    assert.equal((await ask("POST", "/containers/create?name=late", made)).status, 201);
    assert.equal((await ask("DELETE", "/networks/fleeting")).status, 204);
    await ok("network", "create", "fleeting");
    assert.equal((await ask("POST", "/containers/late/start")).status, 404);
    assert.equal((await ask("DELETE", "/containers/late")).status, 204);

    const pruned = await ask("POST", "/networks/prune");
    assert.doesNotMatch(pruned.text, /foreign|fleeting/);
    run("down", "-v", "-t", "0");
    assert.equal(await ok("ps", "-aq"), `${victim.slice(0, 12)}\n`);
    assert.equal(await ok("volume", "ls", "-q"), "");
    await ok("rm", "-f", "victim");
    await ok("network", "rm", "foreign", "fleeting");
    const left = linksHere().filter((link) => !before.includes(link));
    assert.ok(left.length <= 1, "the default bridge may stay");
  });
});
