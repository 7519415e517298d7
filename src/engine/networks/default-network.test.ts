import assert from "node:assert/strict";
import { test } from "node:test";
import { TugError } from "../../base/index.ts";
import type { CreateContainerRequest, NetworkRequest } from "../model/create-request.ts";
import { plainRequest } from "../testing/request.ts";
import { type DefaultNetwork, parseDefaultNetwork, settleNetwork } from "./default-network.ts";

const asking = (change: Partial<NetworkRequest> = {}): CreateContainerRequest =>
  plainRequest({ network: { ...plainRequest().network, mode: { kind: "default" }, ...change } });
const place = { network: "default", aliases: ["db"], from: "" };
const port = { containerPort: "80/tcp", hostAddress: "", hostPort: "", from: "" };

/** @param lacking the kernel's answer to making a bridge */
async function settle(change: Partial<NetworkRequest>, defaultNetwork: DefaultNetwork, lacking?: string) {
  const networks = {
    async prepareDefault() {
      const details = { errno: lacking ?? "" };
      if (lacking !== undefined) throw new TugError("internal", "X", "cannot make it: no", { details });
    },
  };
  const { request, warnings } = await settleNetwork({ networks, defaultNetwork }, asking(change));
  return { mode: request.network.mode, places: request.network.endpoints, warnings };
}

test("who names no network gets the default one", async () => {
  const bridge = { kind: "named", name: "bridge" };
  assert.deepEqual(await settle({}, "bridge"), { mode: bridge, places: [], warnings: [] });
  assert.deepEqual((await settle({}, "host")).mode, { kind: "host" });
  assert.deepEqual((await settle({}, "none", "EPERM")).mode, { kind: "none" });
  assert.deepEqual((await settle({ mode: { kind: "none" } }, "bridge", "EPERM")).mode, { kind: "none" });
});

test("what is said about the default network holds for the one that it is", async () => {
  assert.deepEqual((await settle({ endpoints: [place] }, "bridge")).places, [
    { ...place, network: "bridge" },
  ]);
  await assert.rejects(settle({ endpoints: [place] }, "none"), {
    code: "ENGINE_REQUEST",
    message: /on no network of its own \(none\)$/,
  });
});

test("who names places in other networks only gets the first of these", async () => {
  const { mode } = await settle({ endpoints: [{ ...place, network: "blue" }] }, "bridge", "EPERM");
  assert.deepEqual(mode, { kind: "named", name: "blue" });
});

test("where there can be no bridge, there is a warning, but no published port", async () => {
  const { mode, warnings } = await settle({}, "bridge", "EOPNOTSUPP");
  assert.deepEqual(
    [mode, warnings],
    [{ kind: "none" }, ["the container has no network: cannot make it: no"]],
  );
  await assert.rejects(settle({ ports: [port] }, "bridge", "EOPNOTSUPP"), { code: "ENGINE_NETWORK_MISSING" });
  await assert.rejects(settle({}, "bridge", "ENOMEM"), { code: "X" });
});

test("the setting is one of three words", () => {
  assert.deepEqual([undefined, "", "none"].map(parseDefaultNetwork), ["bridge", "bridge", "none"]);
  assert.throws(() => parseDefaultNetwork("bridges"), { code: "ENGINE_REQUEST" });
});
