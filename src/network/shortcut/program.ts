import { ebpf } from "../../base/index.ts";
import { assemble, call, constant, type Line } from "./assemble.ts";

/** What the programs of one network namespace work with. */
export type ProgramParts = {
  /** Descriptor of the map of ports: from a place (`PLACE_SIZE` bytes) to another one. */
  readonly ports: number;
  /** Descriptor of the map of sockets that were led elsewhere: from a cookie to where they are, and where they think they are. */
  readonly peers: number;
  /** Of the network namespace whose sockets are meant. */
  readonly namespace: bigint;
};

/** Source: include/uapi/linux/bpf.h enum bpf_attach_type */
const attachTypes = {
  connect4: 10,
  connect6: 11,
  peerName4: 29,
  peerName6: 30,
} as const;

/** A place in the maps: an address of IPv6, or one of IPv4 mapped into it, and a port with two bytes of zeros. */
export const PLACE_SIZE = 20;

/** Words of a place. */
const PORT = 16;
const LAST = 12;

/** Source: include/uapi/linux/bpf.h struct bpf_sock_addr, struct bpf_sock */
const context = { ADDRESS4: 4, ADDRESS6: 8, PORT: 24, PROTOCOL: 36, SOCKET: 64 } as const;
const socket = { LINK: 0, SOURCE4: 24, SOURCE6: 28 } as const;

/** Source: include/uapi/linux/bpf.h __BPF_FUNC_MAPPER */
const functions = { LOOK_UP: 1, UPDATE: 2, SOCKET_COOKIE: 46, NAMESPACE_COOKIE: 122 } as const;

const TCP = 6;
/** Words of addresses as the processor reads them: ::ffff:0:0, ::1, and the first byte of 127.0.0.0/8. */
const MAPPED = 0xffff0000;
const ONE = 0x01000000;
const LOOPBACK = 127;
/** In LOAD_CONSTANT: the constant is the descriptor of a map. */
const MAP_DESCRIPTOR = 1;

/** r0 is what a function returns, r1 to r4 what it is given and may overwrite; the others stay. */
const r = { RESULT: 0, FIRST: 1, SECOND: 2, THIRD: 3, FOURTH: 4, CONTEXT: 6, FOUND: 7, STACK: 10 } as const;

/** Places on the stack: the one that is looked up, the socket's cookie, and the value for the map of sockets. */
const KEY = -24;
const COOKIE = -32;
const PEER = -72;

type Family = 4 | 6;

const words: Readonly<Record<Family, readonly { readonly at: number; readonly context: number }[]>> = {
  4: [{ at: LAST, context: context.ADDRESS4 }],
  6: [0, 4, 8, LAST].map((at) => ({ at, context: context.ADDRESS6 + at })),
};

/**
 * Programs of type BPF_PROG_TYPE_CGROUP_SOCK_ADDR with what each is attached as. `connect` leads TCP connections of one
 * network namespace to an address of loopback to where the port leads; one whose socket is bound to an address or a
 * link is left alone. Whoever asks such a socket for its peer is told the address it was given.
 *
 * Source: https://docs.kernel.org/bpf/prog_cgroup_sockopt.html, net/core/filter.c sock_addr_func_proto, sock_addr_is_valid_access
 */
export function shortcutPrograms(parts: ProgramParts): { attachType: number; program: Uint8Array }[] {
  return [
    { attachType: attachTypes.connect4, program: assemble(connect(4, parts)) },
    { attachType: attachTypes.connect6, program: assemble(connect(6, parts)) },
    { attachType: attachTypes.peerName4, program: assemble(peerName(4, parts)) },
    { attachType: attachTypes.peerName6, program: assemble(peerName(6, parts)) },
  ];
}

function connect(family: Family, parts: ProgramParts): Line[] {
  return [
    { code: ebpf.MOVE, to: r.CONTEXT, from: r.FIRST },
    ...(family === 4 ? toLoopback4 : toLoopback6),
    { code: ebpf.LOAD_WORD, to: r.FIRST, from: r.CONTEXT, offset: context.PROTOCOL },
    { code: ebpf.JUMP_IF_NOT, to: r.FIRST, value: TCP, go: "out" },
    ...isUnbound(family),
    ...call(functions.NAMESPACE_COOKIE, [{ code: ebpf.MOVE, to: r.FIRST, from: r.CONTEXT }]),
    ...constant(r.FIRST, parts.namespace),
    { code: ebpf.JUMP_IF_OTHER, to: r.RESULT, from: r.FIRST, go: "out" },
    ...keyOf(family),
    ...lookUp(parts.ports, KEY),
    { code: ebpf.JUMP_IF_NOT, to: r.RESULT, value: 0, go: "found" },
    // Every address of the machine.
    { code: ebpf.STORE_CONSTANT_WORD, to: r.STACK, offset: KEY + LAST, value: 0 },
    ...lookUp(parts.ports, KEY),
    { code: ebpf.JUMP_IF, to: r.RESULT, value: 0, go: "out" },
    { label: "found" },
    { code: ebpf.MOVE, to: r.FOUND, from: r.RESULT },
    ...remember(family, parts.peers),
    ...answer(family, r.FOUND, 0),
    ...allow,
  ];
}

function peerName(family: Family, { peers }: ProgramParts): Line[] {
  const isWhereItWas = [...words[family], { at: PORT, context: context.PORT }].flatMap(
    ({ at, context: offset }): Line[] => [
      { code: ebpf.LOAD_WORD, to: r.FIRST, from: r.CONTEXT, offset },
      { code: ebpf.LOAD_WORD, to: r.SECOND, from: r.FOUND, offset: at },
      { code: ebpf.JUMP_IF_OTHER, to: r.FIRST, from: r.SECOND, go: "out" },
    ],
  );
  return [
    { code: ebpf.MOVE, to: r.CONTEXT, from: r.FIRST },
    ...cookie,
    ...lookUp(peers, COOKIE),
    { code: ebpf.JUMP_IF, to: r.RESULT, value: 0, go: "out" },
    { code: ebpf.MOVE, to: r.FOUND, from: r.RESULT },
    ...isWhereItWas,
    ...answer(family, r.FOUND, PLACE_SIZE),
    ...allow,
  ];
}

const toLoopback4: readonly Line[] = [
  { code: ebpf.LOAD_WORD, to: r.FIRST, from: r.CONTEXT, offset: context.ADDRESS4 },
  { code: ebpf.AND_32_CONSTANT, to: r.FIRST, value: 0xff },
  { code: ebpf.JUMP_IF_NOT, to: r.FIRST, value: LOOPBACK, go: "out" },
];

/** ::1, or an address of 127.0.0.0/8 that is mapped. */
const toLoopback6: readonly Line[] = [
  { code: ebpf.LOAD_WORD, to: r.FIRST, from: r.CONTEXT, offset: context.ADDRESS6 },
  { code: ebpf.JUMP_IF_NOT, to: r.FIRST, value: 0, go: "out" },
  { code: ebpf.LOAD_WORD, to: r.FIRST, from: r.CONTEXT, offset: context.ADDRESS6 + 4 },
  { code: ebpf.JUMP_IF_NOT, to: r.FIRST, value: 0, go: "out" },
  { code: ebpf.LOAD_WORD, to: r.FIRST, from: r.CONTEXT, offset: context.ADDRESS6 + 8 },
  { code: ebpf.LOAD_WORD, to: r.SECOND, from: r.CONTEXT, offset: context.ADDRESS6 + LAST },
  { code: ebpf.JUMP_IF, to: r.FIRST, value: 0, go: "one" },
  { code: ebpf.JUMP_IF_NOT_32, to: r.FIRST, value: MAPPED, go: "out" },
  { code: ebpf.AND_32_CONSTANT, to: r.SECOND, value: 0xff },
  { code: ebpf.JUMP_IF_NOT, to: r.SECOND, value: LOOPBACK, go: "out" },
  { code: ebpf.JUMP, to: 0, go: "loopback" },
  { label: "one" },
  { code: ebpf.JUMP_IF_NOT_32, to: r.SECOND, value: ONE, go: "out" },
  { label: "loopback" },
];

/** From an address of loopback nothing comes to a container; whoever has bound the socket is served by the packet filter. */
function isUnbound(family: Family): Line[] {
  const source = family === 4 ? [socket.SOURCE4] : [0, 4, 8, LAST].map((at) => socket.SOURCE6 + at);
  return [
    { code: ebpf.LOAD_DOUBLE, to: r.FIRST, from: r.CONTEXT, offset: context.SOCKET },
    ...[socket.LINK, ...source].flatMap((offset): Line[] => [
      { code: ebpf.LOAD_WORD, to: r.SECOND, from: r.FIRST, offset },
      { code: ebpf.JUMP_IF_NOT, to: r.SECOND, value: 0, go: "out" },
    ]),
  ];
}

/** The place that was asked for, on the stack. */
function keyOf(family: Family): Line[] {
  const copied = family === 4 ? mapped4 : [];
  return [...copied, ...copyContext(family, KEY)];
}

const mapped4: readonly Line[] = [
  { code: ebpf.STORE_CONSTANT_WORD, to: r.STACK, offset: KEY, value: 0 },
  { code: ebpf.STORE_CONSTANT_WORD, to: r.STACK, offset: KEY + 4, value: 0 },
  { code: ebpf.STORE_CONSTANT_WORD, to: r.STACK, offset: KEY + 8, value: MAPPED },
];

/** The address and port of the context into a place on the stack. */
function copyContext(family: Family, to: number): Line[] {
  return [...words[family], { at: PORT, context: context.PORT }].flatMap(
    ({ at, context: offset }): Line[] => [
      { code: ebpf.LOAD_WORD, to: r.FIRST, from: r.CONTEXT, offset },
      { code: ebpf.STORE_WORD, to: r.STACK, from: r.FIRST, offset: to + at },
    ],
  );
}

/** Keeps for the socket where it will be, and where it was asked to go. */
function remember(family: Family, peers: number): Line[] {
  const asked = PEER + PLACE_SIZE;
  const cleared = family === 4 ? [0, 4, 8] : [];
  return [
    ...[0, 4, 8, LAST, PORT].flatMap((at): Line[] => [
      { code: ebpf.LOAD_WORD, to: r.FIRST, from: r.FOUND, offset: at },
      { code: ebpf.STORE_WORD, to: r.STACK, from: r.FIRST, offset: PEER + at },
    ]),
    ...cleared.map(
      (at): Line => ({
        code: ebpf.STORE_CONSTANT_WORD,
        to: r.STACK,
        offset: asked + at,
        value: 0,
      }),
    ),
    ...copyContext(family, asked),
    ...cookie,
    ...call(functions.UPDATE, [
      ...mapAt(peers),
      ...onStack(r.SECOND, COOKIE),
      ...onStack(r.THIRD, PEER),
      { code: ebpf.MOVE_CONSTANT, to: r.FOURTH, value: 0 },
    ]),
  ];
}

/** The cookie of the socket, on the stack. */
const cookie: readonly Line[] = [
  ...call(functions.SOCKET_COOKIE, [{ code: ebpf.MOVE, to: r.FIRST, from: r.CONTEXT }]),
  { code: ebpf.STORE_DOUBLE, to: r.STACK, from: r.RESULT, offset: COOKIE },
];

/** A place in a map's value into the context. */
function answer(family: Family, from: number, at: number): Line[] {
  return [...words[family], { at: PORT, context: context.PORT }].flatMap((word): Line[] => [
    { code: ebpf.LOAD_WORD, to: r.FIRST, from, offset: at + word.at },
    { code: ebpf.STORE_WORD, to: r.CONTEXT, from: r.FIRST, offset: word.context },
  ]);
}

function lookUp(map: number, key: number): Line[] {
  return call(functions.LOOK_UP, [...mapAt(map), ...onStack(r.SECOND, key)]);
}

function mapAt(descriptor: number): Line[] {
  return constant(r.FIRST, BigInt(descriptor), MAP_DESCRIPTOR);
}

function onStack(to: number, offset: number): Line[] {
  return [
    { code: ebpf.MOVE, to, from: r.STACK },
    { code: ebpf.ADD_CONSTANT, to, value: offset },
  ];
}

const allow: readonly Line[] = [
  { label: "out" },
  { code: ebpf.MOVE_CONSTANT, to: r.RESULT, value: 1 },
  { code: ebpf.EXIT, to: 0 },
];
