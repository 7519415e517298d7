import { netlinkProtocols, type OpOf, type Slot } from "../../plan/index.ts";
import { encodeDatagram, type NetlinkMessage } from "./datagram.ts";

export type NetlinkRequest = {
  /** What the messages ask for, as the end of "cannot ...". */
  readonly what: string;
  /** The setting that it comes from. */
  readonly from: string;
  readonly messages: readonly NetlinkMessage[];
  readonly protocol?: keyof typeof netlinkProtocols;
  /** Slot of the network namespace; left out: that of the engine. */
  readonly namespace?: Slot;
  /** Number under which the answers are returned, not 0. */
  readonly tag?: number;
  readonly ignore?: OpOf<"netlink">["ignore"];
};

/** The op that sends messages to the kernel. */
export function netlinkOp(request: NetlinkRequest): OpOf<"netlink"> {
  const { what, from, messages, protocol = "ROUTE", namespace, tag, ignore } = request;
  const { bytes, places } = encodeDatagram(messages);
  return {
    op: "netlink",
    from,
    what,
    protocol: netlinkProtocols[protocol],
    messages: bytes,
    ...(namespace !== undefined && { namespace }),
    ...(tag !== undefined && { tag }),
    ...(ignore !== undefined && { ignore }),
    ...(places.length > 0 && {
      places: places.map(({ offset }) => offset),
      descriptors: places.map(({ slot }) => slot as Slot),
    }),
  };
}
