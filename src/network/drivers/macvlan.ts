import { macBytes, macOf } from "../address/mac.ts";
import type { MacvlanNetwork, MacvlanRequest } from "../model.ts";
import { setLink } from "../netlink/link.ts";
import { netlinkOp } from "../netlink/op.ts";
import { newMacvlan } from "../netlink/parented-link.ts";
import type { NetworkDriver } from "./driver.ts";
import { checkNeighbours, checkParent, makeParent, removeParent, settleParent } from "./parent.ts";

/** Containers have links on a parent, with hardware addresses of their own. The machine itself does not reach them. */
export const macvlanDriver: NetworkDriver<MacvlanNetwork, MacvlanRequest> = {
  routedHere: false,
  check: checkParent,
  settle(request, { id, others }) {
    const { mode = "bridge" } = request;
    const settled = settleParent(request, { id, kind: "dm" });
    checkNeighbours(
      settled.parent,
      others,
      (other) => other.driver === "macvlan" && mode !== "passthru" && other.mode !== "passthru",
    );
    return { driver: "macvlan", mode, ...settled };
  },
  uplink: ({ parent }) => parent,
  makeUplink: makeParent,
  removeUplink: removeParent,
  // The one link in mode passthru has its parent's address, and gives that another one if it gets another.
  nameLink: ({ mode }, { container, ipv4, mac = mode === "passthru" ? "" : macOf(container, ipv4) }) => ({
    mac,
  }),
  linkOps({ endpoint, network, uplink }, namespace) {
    const { mode, mtu } = network;
    const name = endpoint.interface;
    const from = `network ${network.name}`;
    const address = endpoint.mac === "" ? {} : { address: macBytes(endpoint.mac) };
    const settings = { name, parent: uplink, namespace, ...address, ...(mtu !== undefined && { mtu }) };
    const make = netlinkOp({
      what: `make link ${name} on ${network.parent}`,
      from,
      messages: [newMacvlan(settings, mode)],
    });
    if (mode !== "passthru" || endpoint.mac === "") return [make];
    const messages = [setLink({ name, ...address })];
    return [make, netlinkOp({ what: `set the address of ${network.parent}`, from, namespace, messages })];
  },
  routesOnLink: () => false,
};
