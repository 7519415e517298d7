import { decodeAttributes, textOf } from "../netlink/attribute.ts";
import { messageFlags as f, type NetlinkAnswer, type NetlinkMessage } from "../netlink/datagram.ts";

/** Source: include/uapi/linux/netfilter/nf_tables.h, nfnetlink.h, linux/netfilter.h. */
const NFTABLES = 10;
const GET_CHAIN = 4;
const NEW_CHAIN = 3;
const FORWARD = 2;
const DROP = 0;
const attributes = { TABLE: 1, NAME: 3, HOOK: 4, POLICY: 5 } as const;
const families: Readonly<Record<number, string>> = {
  1: "inet",
  2: "ip",
  5: "netdev",
  7: "bridge",
  10: "ip6",
};

/** A chain that drops what it does not accept, on the way from one link to another. */
export type StrictChain = { readonly family: string; readonly table: string; readonly name: string };

/** Asks for all chains of all tables. */
export function listChains(): NetlinkMessage {
  return {
    type: (NFTABLES << 8) | GET_CHAIN,
    flags: f.REQUEST | f.DUMP,
    header: Buffer.alloc(4),
  };
}

/** The tables that answers are about. */
export function tablesOf(answers: readonly NetlinkAnswer[]): ReadonlySet<string> {
  const names = answers.map(
    ({ body }) => textOf(decodeAttributes(body.subarray(4)).get(attributes.TABLE)) ?? "",
  );
  return new Set(names);
}

/** Those among answers that drop what is forwarded unless one of their rules accepts it. */
export function strictChainsOf(answers: readonly NetlinkAnswer[]): StrictChain[] {
  return answers.flatMap(({ type, body }) => {
    if (type !== ((NFTABLES << 8) | NEW_CHAIN)) return [];
    const found = decodeAttributes(body.subarray(4));
    const hook = decodeAttributes(found.get(attributes.HOOK) ?? Buffer.alloc(0)).get(1);
    const policy = found.get(attributes.POLICY);
    if (hook?.readUInt32BE() !== FORWARD || policy?.readUInt32BE() !== DROP) return [];
    const table = textOf(found.get(attributes.TABLE)) ?? "";
    const name = textOf(found.get(attributes.NAME)) ?? "";
    return [{ family: families[body[0] ?? 0] ?? "", table, name }];
  });
}
