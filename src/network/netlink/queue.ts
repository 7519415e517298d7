import { attribute as a } from "./attribute.ts";
import { messageFlags as f, type NetlinkMessage } from "./datagram.ts";

/**
 * Message types and attributes of queueing disciplines.
 * Source: include/uapi/linux/rtnetlink.h, pkt_sched.h, net/sched/sch_tbf.c
 */
const message = { NEW_QUEUE: 36 } as const;
const queue = { KIND: 1, OPTIONS: 2 } as const;
const tokens = { PARAMETERS: 1, BURST: 6 } as const;
const ROOT = 0xffffffff;
const HANDLE = 0x10000;
const ETHERNET = 1;
/** How long a packet may wait for its turn, in seconds; those that would wait longer are dropped. */
const LATENCY = 0.025;

/** Sizes in bytes. */
export type TokenBucket = {
  /** A second. */
  readonly rate: number;
  /** What may go at once after a pause. */
  readonly burst: number;
};

/** Slows down what a link sends, by a token bucket in place of the queue that it has. See tc-tbf(8). */
export function limitQueue(index: number, { rate, burst }: TokenBucket): NetlinkMessage {
  // struct tcmsg: u8 family, three bytes of padding, i32 index, u32 handle, u32 parent, u32 info.
  const header = Buffer.alloc(20);
  header.writeInt32LE(index, 4);
  header.writeUInt32LE(HANDLE, 8);
  header.writeUInt32LE(ROOT, 12);
  // struct tc_tbf_qopt: rate and peak rate, 12 bytes each, then u32 limit, buffer, mtu. The burst has its own attribute.
  const parameters = Buffer.alloc(36);
  parameters.writeUInt8(ETHERNET, 1);
  parameters.writeUInt32LE(rate, 8);
  parameters.writeUInt32LE(Math.min(Math.ceil(rate * LATENCY) + burst, 0xffffffff), 24);
  return {
    type: message.NEW_QUEUE,
    flags: f.REQUEST | f.ACK | f.CREATE | f.REPLACE,
    header,
    attributes: [
      a.text(queue.KIND, "tbf"),
      a.nested(queue.OPTIONS, a.bytes(tokens.PARAMETERS, parameters), a.u32(tokens.BURST, burst)),
    ],
  };
}
