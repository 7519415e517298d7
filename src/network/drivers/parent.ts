import { networkError } from "../errors.ts";
import { executeHost } from "../execute.ts";
import { findLink, type HostNetwork } from "../host.ts";
import type { IpvlanNetwork, IpvlanRequest, MacvlanNetwork, MacvlanRequest, Network } from "../model.ts";
import type { NetlinkMessage } from "../netlink/datagram.ts";
import { deleteLink, setLink } from "../netlink/link.ts";
import { netlinkOp } from "../netlink/op.ts";
import { newDummy, newVlan } from "../netlink/parented-link.ts";

/** Networks whose containers' links are made on a link of the machine. */
export type Parented = MacvlanNetwork | IpvlanNetwork;

/** Such as `eth0.10`: what eth0 sends and receives with the tag 10. */
const vlanName = /^([^\s/.]+)\.(\d{1,4})$/;

/**
 * Looks whether a link can be a parent: one that is there, or one for a VLAN of one that is there.
 *
 * @throws NETWORK_PARENT
 */
export async function checkParent(
  host: HostNetwork,
  { parent }: MacvlanRequest | IpvlanRequest,
): Promise<void> {
  if (parent === undefined) return;
  const refuse = (reason: string): Error =>
    networkError("PARENT", `cannot use ${JSON.stringify(parent)} as the parent of a network: ${reason}`, {
      hint: "name a link of this machine, or a VLAN of one such as eth0.10, or leave the parent out for a network without a way out",
    });
  if (parent === "lo") throw refuse("it is the loopback device");
  if (!/^[^\s/]{1,15}$/.test(parent)) throw refuse("no link has such a name");
  if ((await findLink(host, parent)) !== undefined) return;
  const vlan = vlanOf(parent);
  if (vlan === undefined) throw refuse("there is no such link");
  if (vlan.id < 1 || vlan.id > 4094) throw refuse("numbers of VLANs are 1 to 4094");
  if ((await findLink(host, vlan.of)) === undefined) throw refuse(`there is no link ${vlan.of}`);
}

/**
 * The parent of a new network, and whether that makes it internal: one without a way out has a parent of its own.
 *
 * @param kind begins the name of such a one
 */
export function settleParent(
  { parent, mtu }: MacvlanRequest | IpvlanRequest,
  { id, kind }: { readonly id: string; readonly kind: "dm" | "di" },
): { readonly parent: string; readonly mtu?: number; readonly internal?: true } {
  return {
    ...(parent === undefined ? { parent: ownName(kind, id), internal: true } : { parent }),
    ...(mtu !== undefined && { mtu }),
  };
}

/**
 * Refuses a parent that has containers of another network on it in a way that the kernel cannot mix with what is wanted.
 *
 * @param fits whether the kernel can
 * @throws NETWORK_PARENT_TAKEN
 */
export function checkNeighbours(
  parent: string,
  others: readonly Network[],
  fits: (other: Parented) => boolean,
): void {
  const other = others.find((each): each is Parented => isOn(each, parent) && !fits(each));
  if (other === undefined) return;
  throw networkError(
    "PARENT_TAKEN",
    `network ${other.name} is on ${parent} already, as ${other.driver} in mode ${other.mode}`,
    { hint: "take the same driver and mode, or another parent" },
  );
}

/** Makes the parent where it is not there, up and marked as ours. Returns its index. @throws NETWORK_PARENT */
export async function makeParent(host: HostNetwork, network: Parented): Promise<number> {
  const { parent, name } = network;
  const known = await findLink(host, parent);
  if (known !== undefined) return known.index;
  // In one datagram: whoever is killed has made it with its mark, or not at all.
  const messages = [await newParent(host, network), setLink({ name: parent, up: true, alias: markOf(host) })];
  const op = netlinkOp({ what: `make link ${parent}`, from: `network ${name}`, messages });
  await executeHost(host.helper, [op]);
  const made = await findLink(host, parent);
  if (made === undefined) throw new Error(`link ${parent} is gone again`);
  return made.index;
}

/** Removes the parent if it was made here and no other network is on it. */
export async function removeParent(
  host: HostNetwork,
  { parent, name }: Parented,
  others: readonly Network[],
): Promise<void> {
  if (others.some((other) => isOn(other, parent))) return;
  if ((await findLink(host, parent))?.alias !== markOf(host)) return;
  const op = netlinkOp({
    what: `remove link ${parent}`,
    from: `network ${name}`,
    messages: [deleteLink(parent)],
    ignore: ["ENODEV"],
  });
  await executeHost(host.helper, [op]);
}

async function newParent(host: HostNetwork, { id, parent, name }: Parented): Promise<NetlinkMessage> {
  if (parent === ownName("dm", id) || parent === ownName("di", id)) return newDummy({ name: parent });
  const vlan = vlanOf(parent);
  const below = vlan && (await findLink(host, vlan.of));
  if (vlan !== undefined && below !== undefined) {
    return newVlan({ name: parent, parent: below.index }, vlan.id);
  }
  throw networkError("PARENT", `cannot connect to network ${name}: its parent ${parent} is not there`, {
    hint: "the machine had that link when the network was made",
  });
}

function vlanOf(name: string): { of: string; id: number } | undefined {
  const [, of, id] = vlanName.exec(name) ?? [];
  return of === undefined ? undefined : { of, id: Number(id) };
}

/** As Docker calls them: dummy of macvlan, dummy of ipvlan. */
function ownName(kind: "dm" | "di", id: string): string {
  return `${kind}-${id.slice(0, 12)}`;
}

/** The alias of links that this engine has made to be parents. */
function markOf({ table }: HostNetwork): string {
  return `${table} parent`;
}

function isOn(network: Network, parent: string): network is Parented {
  return "parent" in network && network.parent === parent;
}
