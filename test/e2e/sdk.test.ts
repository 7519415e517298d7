import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, test } from "node:test";
import { connect } from "../../src/library/index.ts";
import { needsBox, useEngine } from "./harness/index.ts";

/** What Docker's libraries do between calls, and the command line does not. */
describe("calls in the way of Docker's libraries", { skip: needsBox() }, () => {
  const engine = useEngine();
  const open = () => connect({ socket: join(engine.run, "tug.sock") });

  async function textOf(output: AsyncIterable<{ data: Uint8Array }>): Promise<string> {
    const chunks: Uint8Array[] = [];
    for await (const { data } of output) chunks.push(data);
    return Buffer.concat(chunks).toString();
  }

  test("what was killed has ended when kill is answered", async () => {
    using client = await open();
    for (let round = 0; round < 5; round += 1) {
      const { Id } = await client.containers.create({ Image: "box", Cmd: ["sleep", "900"] });
      await client.containers.start(Id);
      await client.containers.kill(Id);
      const { State } = await client.containers.inspect(Id);
      assert.deepEqual([State.Running, State.ExitCode], [false, 137]);
      await client.containers.remove(Id);
    }
  });

  test("attaching begins with what was written before, whether the program still runs or not", async () => {
    using client = await open();
    const Cmd = ["sh", "-c", "echo early; read line; echo $line; echo late >&2"];
    const { Id } = await client.containers.create({ Image: "box", Cmd, OpenStdin: true });
    const before = await client.containers.attach(Id, { logs: true, stderr: false });
    await client.containers.start(Id);
    for await (const { data } of client.containers.logs(Id, { follow: true })) {
      if (Buffer.from(data).toString() === "early\n") break;
    }
    const during = await client.containers.attach(Id, { logs: true, stdin: true });
    during.stdin.write("typed\n");
    assert.equal(await textOf(during.output), "early\ntyped\nlate\n");
    assert.equal(await textOf(before.output), "early\ntyped\n");
    const reply = await fetchText(`/containers/${Id}/attach?logs=1&stdout=1&stderr=1`);
    assert.match(reply, /early\n.*typed\n.*late\n$/s);
    await client.containers.remove(Id);
  });

  /** A hijack without an upgrade, as docker-py and curl ask for one. */
  async function fetchText(path: string): Promise<string> {
    const { request } = await import("node:http");
    return new Promise((resolve, reject) => {
      const asked = request(
        { socketPath: join(engine.run, "tug.sock"), path, method: "POST" },
        (response) => {
          const chunks: Buffer[] = [];
          response.on("data", (chunk: Buffer) => chunks.push(chunk));
          response.on("end", () => resolve(Buffer.concat(chunks).toString()));
        },
      );
      asked.on("error", reject).end();
    });
  }

  test("a container says which log driver it has, and a driver that is not there is told in Docker's words", async () => {
    using client = await open();
    const { Id } = await client.containers.create({ Image: "box" });
    assert.equal((await client.containers.inspect(Id)).HostConfig.LogConfig?.Type, "json-file");
    await client.containers.remove(Id);
    const HostConfig = { LogConfig: { Type: "asdf" } };
    const message = "logger: no log driver named 'asdf' is registered";
    await assert.rejects(client.containers.create({ Image: "box", HostConfig }), { message });
  });

  test("a container that does not run shows where it will be, and the addresses that it was given", async () => {
    using client = await open();
    const Config = [{ Subnet: "10.88.7.0/24" }];
    for (const Name of ["shown-a", "shown-b"]) {
      await client.networks.create({ Name, ...(Name === "shown-a" && { IPAM: { Config } }) });
    }
    const { Id } = await client.containers.create({
      Image: "box",
      HostConfig: { NetworkMode: "shown-a" },
      NetworkingConfig: {
        EndpointsConfig: {
          "shown-a": { IPAMConfig: { IPv4Address: "10.88.7.9" }, Aliases: ["one"] },
          "shown-b": { MacAddress: "02:42:0a:00:00:07" },
        },
      },
    });
    const { Networks } = (await client.containers.inspect(Id)).NetworkSettings;
    assert.deepEqual(Object.keys(Networks).sort(), ["shown-a", "shown-b"]);
    assert.deepEqual(Networks["shown-a"]?.IPAMConfig, { IPv4Address: "10.88.7.9" });
    assert.deepEqual(
      [Networks["shown-b"]?.IPAMConfig, Networks["shown-b"]?.MacAddress],
      [null, "02:42:0a:00:00:07"],
    );
    await client.containers.remove(Id);
    for (const name of ["shown-a", "shown-b"]) await client.networks.remove(name);
  });
});
