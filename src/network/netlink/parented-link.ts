import { attribute as a } from "./attribute.ts";
import type { NetlinkMessage } from "./datagram.ts";
import { type LinkSettings, newLink } from "./link.ts";

/** How links of one parent reach each other; source: ip-link(8), MACVLAN and IPVLAN type support. */
export type MacvlanMode = keyof typeof macvlanModes;
export type IpvlanMode = keyof typeof ipvlanModes;
export type IpvlanFlag = keyof typeof ipvlanFlags;

/** Source: include/uapi/linux/if_link.h, if_vlan.h. */
export const macvlanModes = { private: 1, vepa: 2, bridge: 4, passthru: 8 } as const;
export const ipvlanModes = { l2: 0, l3: 1, l3s: 2 } as const;
export const ipvlanFlags = { bridge: 0, private: 1, vepa: 2 } as const;
const macvlan = { MODE: 1 } as const;
const ipvlan = { MODE: 1, FLAGS: 2 } as const;
const vlan = { ID: 1 } as const;

/** Settings of a link on top of another one. */
export type ParentedSettings = LinkSettings & Required<Pick<LinkSettings, "parent">>;

/** A link with a hardware address of its own on that of its parent. */
export function newMacvlan(settings: ParentedSettings, mode: MacvlanMode): NetlinkMessage {
  return newLink("macvlan", settings, [a.u32(macvlan.MODE, macvlanModes[mode])]);
}

/** A link with its parent's hardware address. All links of a parent get the mode and the flag of the last. */
export function newIpvlan(
  settings: ParentedSettings,
  { mode, flag }: { readonly mode: IpvlanMode; readonly flag: IpvlanFlag },
): NetlinkMessage {
  return newLink("ipvlan", settings, [
    a.u16(ipvlan.MODE, ipvlanModes[mode]),
    a.u16(ipvlan.FLAGS, ipvlanFlags[flag]),
  ]);
}

/** A link for what its parent sends and receives with the tag of a VLAN, 1 to 4094. */
export function newVlan(settings: ParentedSettings, id: number): NetlinkMessage {
  return newLink("vlan", settings, [a.u16(vlan.ID, id)]);
}

/** A link that leads nowhere. */
export function newDummy(settings: LinkSettings): NetlinkMessage {
  return newLink("dummy", settings);
}
