import { networkError } from "../errors.ts";
import type { IpvlanNetwork, IpvlanRequest } from "../model.ts";
import { netlinkOp } from "../netlink/op.ts";
import { newIpvlan } from "../netlink/parented-link.ts";
import type { NetworkDriver } from "./driver.ts";
import { checkNeighbours, checkParent, makeParent, removeParent, settleParent } from "./parent.ts";

/** Containers have links on a parent, with its hardware address. The machine itself does not reach them. */
export const ipvlanDriver: NetworkDriver<IpvlanNetwork, IpvlanRequest> = {
  routedHere: false,
  check: checkParent,
  settle(request, { id, others }) {
    const { mode = "l2", flag = "bridge" } = request;
    const settled = settleParent(request, { id, kind: "di" });
    checkNeighbours(
      settled.parent,
      others,
      (other) => other.driver === "ipvlan" && other.mode === mode && other.flag === flag,
    );
    return { driver: "ipvlan", mode, flag, ...settled };
  },
  uplink: ({ parent }) => parent,
  makeUplink: makeParent,
  removeUplink: removeParent,
  nameLink({ name, parent }, { mac }) {
    if (mac === undefined) return { mac: "" };
    throw networkError(
      "ADDRESS",
      `cannot use hardware address ${mac} on network ${name}: links of ipvlan have their parent's`,
      {
        hint: `leave it out: it is that of ${parent}`,
      },
    );
  },
  linkOps({ endpoint, network, uplink }, namespace) {
    const name = endpoint.interface;
    const { mtu } = network;
    const settings = { name, parent: uplink, namespace, ...(mtu !== undefined && { mtu }) };
    return [
      netlinkOp({
        what: `make link ${name} on ${network.parent}`,
        from: `network ${network.name}`,
        messages: [newIpvlan(settings, network)],
      }),
    ];
  },
  routesOnLink: ({ mode }) => mode !== "l2",
};
