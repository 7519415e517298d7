import assert from "node:assert/strict";
import { existsSync, readFileSync, readlinkSync } from "node:fs";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { keepNetworksAhead, type NetworkAhead } from "../../src/helper/index.ts";
import { cloneFlags, NO_NETWORK_AHEAD, networkAheadName } from "../../src/plan/index.ts";
import { until } from "../e2e/harness/index.ts";
import { requireRoot } from "../environment/requirements.ts";
import { temporaryDirectory } from "../environment/temporary.ts";
import { boxPlan, makeRootfs } from "./box.ts";
import { run, slot } from "./driver.ts";
import { ownSpawner } from "./own-spawner.ts";

const skip = requireRoot();
const { NEWPID, NEWNS } = cloneFlags;

/** In milliseconds. */
const REST = 10;

/** What a process in a network of its own sees: the namespace, its devices, and whether a route leads to the first of them. */
const SEEN =
  "readlink /proc/self/ns/net; tail -n +3 /proc/net/dev | cut -d: -f1 | tr -d ' '; grep -q 127.0.0.1 /proc/net/fib_trie && echo up";

/** The pid of the keeper and the number of the namespace. */
function parse({ name }: NetworkAhead): readonly [pid: number, number: bigint] {
  const [pid = "", number = ""] = name.split("/");
  return [Number(pid), BigInt(number)];
}

async function take(networks: { take(): NetworkAhead | undefined }): Promise<NetworkAhead> {
  for (;;) {
    const taken = networks.take();
    if (taken !== undefined) return taken;
    await delay(REST * 5);
  }
}

async function withNetworks(
  play: (networks: ReturnType<typeof keepNetworksAhead>, directory: string) => Promise<void>,
): Promise<void> {
  await using directory = await temporaryDirectory();
  await using spawner = await ownSpawner(directory.path);
  using networks = keepNetworksAhead(spawner, REST);
  await play(networks, directory.path);
}

/** What a container sees that is to have a network namespace of that name. */
async function seenIn(rootfs: string, name: string): Promise<string[]> {
  const plan = boxPlan(rootfs, SEEN, {
    namespaces: NEWPID | NEWNS,
    host: [{ op: "networkAhead", name, out: slot(3) }],
    enter: [{ op: "ownNetwork", ahead: slot(3) }],
  });
  const { failure, stdout, stderr } = await run(plan);
  assert.equal(failure, undefined, stderr);
  return stdout.trim().split("\n");
}

test("a network namespace is made after somebody has asked for one, kept, and let go", { skip }, () =>
  withNetworks(async (networks) => {
    assert.equal(networks.take(), undefined);
    const one = await take(networks);
    const other = await take(networks);
    const [pid, number] = parse(one);
    assert.notDeepEqual(parse(other), [pid, number]);
    assert.equal(readlinkSync(`/proc/${pid}/ns/net`), `net:[${number}]`);
    assert.match(readFileSync(`/proc/${pid}/cmdline`, "utf8"), /^tug:\[network\]/);
    for (const each of [one, other]) each[Symbol.dispose]();
    await until("its keeper has ended", () => !existsSync(`/proc/${pid}`));
    const last = await take(networks);
    networks[Symbol.dispose]();
    assert.ok(existsSync(`/proc/${parse(last)[0]}`), "it belongs to who has taken it");
    last[Symbol.dispose]();
    assert.equal(networks.take(), undefined);
  }),
);

test("one whose keeper was killed is not handed out", { skip }, () =>
  withNetworks(async (networks, directory) => {
    const rootfs = await makeRootfs(directory);
    const gone = await take(networks);
    const [pid, number] = parse(gone);
    process.kill(pid, "SIGKILL");
    await until("its keeper has ended", () => !existsSync(`/proc/${pid}`));
    assert.deepEqual((await seenIn(rootfs, gone.name)).slice(1), ["lo", "up"]);
    const next = await take(networks);
    assert.notEqual(parse(next)[0], pid);
    assert.ok(number > 0n);
    next[Symbol.dispose]();
  }),
);

test(
  "a container is in the network that was made ahead, or in one of its own, never in another",
  {
    skip,
  },
  () =>
    withNetworks(async (networks, directory) => {
      const rootfs = await makeRootfs(directory);
      const ahead = await take(networks);
      const [pid, number] = parse(ahead);
      assert.deepEqual(await seenIn(rootfs, ahead.name), [`net:[${number}]`, "lo", "up"]);
      const own = BigInt(/\d+/.exec(readlinkSync("/proc/self/ns/net"))?.[0] ?? 0);
      const wrong = [
        NO_NETWORK_AHEAD,
        networkAheadName(pid, number + 1n),
        // This process is in another network than the name says.
        networkAheadName(process.pid, number),
        networkAheadName(pid, own),
        "",
        "1",
        "1/",
        `${pid}/net`,
        `../${pid}/${number}`,
      ];
      for (const name of wrong) {
        const [seen, ...rest] = await seenIn(rootfs, name);
        assert.notEqual(seen, `net:[${number}]`, name);
        assert.notEqual(seen, `net:[${own}]`, name);
        assert.deepEqual(rest, ["lo", "up"], name);
      }
      ahead[Symbol.dispose]();
    }),
);
