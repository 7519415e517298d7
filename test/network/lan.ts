import type { TestContext } from "node:test";
import { TugError } from "../../src/base/index.ts";
import { createHelper } from "../../src/helper/index.ts";
import { parseIp } from "../../src/network/address/ip.ts";
import { findLink } from "../../src/network/host.ts";
import { newAddress } from "../../src/network/netlink/address.ts";
import { deleteLink, newLink, newVeth, setLink } from "../../src/network/netlink/link.ts";
import { netlinkOp } from "../../src/network/netlink/op.ts";
import { cloneFlags } from "../../src/plan/index.ts";
import { helperPath, slot } from "../helper/driver.ts";
import { openLab } from "./lab.ts";
import { send } from "./place.ts";

/** The router's address on the network of `openLan`. */
export const ROUTER = "192.168.50.1";
const helper = createHelper(helperPath);

/** A link `lan0` of this namespace, and at its other end a namespace that is the router of 192.168.50.0/24. */
export async function openLan() {
  await using opened = new AsyncDisposableStack();
  const lab = opened.use(await openLab("router"));
  const far = { name: "eth0", index: 2, namespace: 0 };
  const open = {
    op: "openNamespace",
    from: "",
    path: lab.path("router"),
    kind: cloneFlags.NEWNET,
    out: slot(0),
  } as const;
  const messages = [newVeth({ name: "lan0", up: true }, far)];
  const host = [open, netlinkOp({ what: "test", from: "", messages })];
  await helper.execute({ host, stage: [], init: [] });
  opened.defer(() => send({ messages: [deleteLink("lan0")], ignore: ["ENODEV"] }));
  await lab.send("router", [setLink({ index: 2, up: true }), newAddress(2, parseIp(ROUTER), 24)]);
  const kept = opened.move();
  return { lab, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

/** Whether the kernel has a kind of link; where not, the test is skipped. */
export async function needsKind(t: TestContext, kind: string): Promise<boolean> {
  const parent = { name: "probe0" };
  await send({ messages: [newVeth(parent, { name: "probe1" }), setLink({ ...parent, up: true })] });
  try {
    const { index = 0 } = (await findLink({ helper }, parent.name)) ?? {};
    await send({ messages: [newLink(kind, { name: "probe2", ...(kind !== "dummy" && { parent: index }) })] });
    await send({ messages: [deleteLink("probe2")] });
    return true;
  } catch (error) {
    const errno = error instanceof TugError ? error.details.errno : undefined;
    // A VLAN wants to be told its number.
    if (errno === "EINVAL") return true;
    if (errno !== "EOPNOTSUPP") throw error;
    t.skip(`this kernel has no ${kind}`);
    return false;
  } finally {
    await send({ messages: [deleteLink("probe0")] });
  }
}
