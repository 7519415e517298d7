import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { constants } from "node:os";
import { test } from "node:test";
import { getLink, linksOf, listLinks, newBridge, setLink } from "../../src/network/netlink/link.ts";
import { requireRoot } from "../environment/requirements.ts";
import { run, slot } from "../helper/driver.ts";
import { addBridge, connect, openLab } from "./lab.ts";

const skip = requireRoot();
const { EEXIST, ENODEV } = constants.errno;

test("a namespace is made with its file, once, and goes with it", { skip }, async () => {
  await using lab = await openLab("one");
  const before = readFileSync("/proc/self/mountinfo", "utf8");
  assert.ok(before.includes(lab.path("one")));
  const again = await run({ host: [{ op: "networkNamespace", path: lab.path("one"), out: slot(0) }] });
  assert.equal(again.failure?.errno, EEXIST);
  const release = { host: [{ op: "releaseNamespace" as const, path: lab.path("one") }] };
  assert.equal((await run(release)).failure, undefined);
  assert.equal(existsSync(lab.path("one")), false);
  assert.equal(readFileSync("/proc/self/mountinfo", "utf8").includes(lab.path("one")), false);
  assert.equal((await run(release)).failure, undefined);
});

test("links are made, told of, and refused in the kernel's words", { skip }, async () => {
  await using lab = await openLab("host");
  const settings = { name: "br-x", mtu: 1400, up: true };
  const make = [newBridge(settings), setLink({ name: "br-x", alias: "network x" })];
  assert.equal((await lab.send("host", make)).failure, undefined);
  const { messages } = await lab.send("host", [listLinks()], { answers: true });
  const links = linksOf(messages);
  assert.deepEqual(
    links.map(({ name, kind, mtu, alias, up }) => [name, kind, mtu, alias, up]),
    [
      ["lo", undefined, 65536, undefined, true],
      ["br-x", "bridge", 1400, "network x", true],
    ],
  );
  const again = await lab.send("host", [newBridge(settings)]);
  assert.deepEqual([again.failure?.errno, again.failure?.call], [EEXIST, "netlink"]);
  const missing = await lab.send("host", [getLink("nothing")], { answers: true });
  assert.equal(missing.failure?.errno, ENODEV);
  assert.equal(existsSync("/sys/class/net/br-x"), false);
});

test("two namespaces on a bridge reach each other and the host", { skip }, async () => {
  await using lab = await openLab("host", "a", "b");
  const master = await addBridge(lab, "br0", "10.9.0.1");
  await connect(lab, "a", { address: "10.9.0.2", gateway: "10.9.0.1", near: { master } });
  await connect(lab, "b", { address: "10.9.0.3", gateway: "10.9.0.1", near: { master } });
  await using _server = await lab.listen("b", 7000, "here is b");
  assert.equal(lab.ask("a", "10.9.0.3", 7000), "::ffff:10.9.0.2 here is b");
  assert.equal(lab.ask("host", "10.9.0.3", 7000), "::ffff:10.9.0.1 here is b");
});
