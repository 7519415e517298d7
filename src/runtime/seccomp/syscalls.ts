import type { Column } from "./architectures.ts";
import { syscallColumns, syscallTable } from "./syscalls.gen.ts";

const tables = new Map<Column, ReadonlyMap<string, number>>();

/** Number by name for one architecture. The numbers of x32 come without bit 30. */
export function syscallNumbers(column: Column): ReadonlyMap<string, number> {
  const table = tables.get(column) ?? readColumn(column);
  tables.set(column, table);
  return table;
}

function readColumn(column: Column): Map<string, number> {
  const position = syscallColumns.indexOf(column) + 1;
  const numbers = new Map<string, number>();
  for (const line of syscallTable.trim().split("\n")) {
    const cells = line.split(" ");
    const number = cells[position];
    if (number !== undefined && number !== "-") numbers.set(cells[0] as string, Number(number));
  }
  return numbers;
}

/** A call that i386 programs may also make through a multiplexer, whose first argument tells which call is meant. */
export type Multiplexed = { readonly through: "socketcall" | "ipc"; readonly call: bigint };

function numbered(through: Multiplexed["through"], calls: Readonly<Record<string, number>>) {
  return Object.entries(calls).map(([name, call]) => [name, { through, call: BigInt(call) }] as const);
}

/** Source: include/uapi/linux/net.h SYS_SOCKET ..., include/uapi/linux/ipc.h SEMOP ... */
export const multiplexedCalls: ReadonlyMap<string, Multiplexed> = new Map([
  ...numbered("socketcall", {
    socket: 1,
    bind: 2,
    connect: 3,
    listen: 4,
    accept: 5,
    getsockname: 6,
    getpeername: 7,
    socketpair: 8,
    send: 9,
    recv: 10,
    sendto: 11,
    recvfrom: 12,
    shutdown: 13,
    setsockopt: 14,
    getsockopt: 15,
    sendmsg: 16,
    recvmsg: 17,
    accept4: 18,
    recvmmsg: 19,
    sendmmsg: 20,
  }),
  ...numbered("ipc", {
    semop: 1,
    semget: 2,
    semctl: 3,
    semtimedop: 4,
    msgsnd: 11,
    msgrcv: 12,
    msgget: 13,
    msgctl: 14,
    shmat: 21,
    shmdt: 22,
    shmget: 23,
    shmctl: 24,
  }),
]);
