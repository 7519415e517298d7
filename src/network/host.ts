import type { Logger } from "../base/index.ts";
import type { Helper } from "../helper/index.ts";
import { executeHost } from "./execute.ts";
import { decodeAnswers } from "./netlink/datagram.ts";
import { getLink, type Link, linksOf } from "./netlink/link.ts";
import { netlinkOp } from "./netlink/op.ts";

/** What changes the host's network. */
export type HostNetwork = {
  readonly helper: Helper;
  readonly logger: Logger;
  /** Name of our table of the packet filter. */
  readonly table: string;
};

const FOUND = 1;

/** A link of the host; undefined where there is none of that name. */
export async function findLink(
  { helper }: Pick<HostNetwork, "helper">,
  name: string,
): Promise<Link | undefined> {
  const op = netlinkOp({
    what: `find link ${name}`,
    from: "network",
    messages: [getLink(name)],
    tag: FOUND,
    ignore: ["ENODEV"],
  });
  const data = await executeHost(helper, [op]);
  return linksOf(decodeAnswers(data.get(FOUND) ?? Buffer.alloc(0)))[0];
}
