/** What criu can be asked for, by the numbers of its protocol. */
export const criuRequests = { DUMP: 1, RESTORE: 2, SINGLE_PRE_DUMP: 13 } as const;

/** How control groups are dumped and restored, by the words of the command line. */
export const cgroupModes = { soft: 3, full: 4, strict: 5, ignore: 0 } as const;
export type CgroupMode = keyof typeof cgroupModes;

/** Members of criu_opts that are used here, named as there but for the letters. */
export type CriuOptions = {
  readonly imagesDirFd: number;
  readonly workDirFd?: number | undefined;
  readonly logLevel: number;
  readonly logFile: string;
  readonly pid?: number;
  readonly root: string;
  readonly notifyScripts?: boolean;
  readonly leaveRunning?: boolean;
  readonly extUnixSk: boolean;
  readonly tcpEstablished: boolean;
  readonly tcpSkipInFlight?: boolean;
  readonly evasiveDevices?: boolean;
  readonly shellJob: boolean;
  readonly fileLocks: boolean;
  readonly ps?: { readonly address: string; readonly port: number } | undefined;
  readonly parentImg?: string | undefined;
  readonly trackMem?: boolean;
  readonly autoDedup: boolean;
  readonly linkRemap?: boolean;
  readonly extMnt: readonly ExternalMount[];
  readonly manageCgroups: boolean;
  readonly cgRoot?: readonly { readonly ctrl: string; readonly path: string }[];
  readonly rstSibling?: boolean;
  readonly inheritFd?: readonly { readonly key: string; readonly fd: number }[];
  readonly manageCgroupsMode?: number | undefined;
  readonly external?: readonly string[];
  readonly emptyNs: number;
  readonly joinNs?: readonly { readonly ns: string; readonly nsFile: string }[];
  readonly freezeCgroup?: string | undefined;
  readonly lazyPages: boolean;
  readonly statusFd?: number | undefined;
  readonly orphanPtsMaster: boolean;
  readonly configFile?: string | undefined;
  readonly lsmProfile?: string | undefined;
  readonly cgroupYard?: string | undefined;
  readonly lsmMountContext?: string | undefined;
  readonly networkLock?: number | undefined;
};

/**
 * A mount whose content comes from outside. For a dump: where it is in the container, and by what name it is known; for
 * a restore: that name, and the path on the host.
 */
export type ExternalMount = { readonly key: string; readonly val: string };

/** The numbers of fields; with those of the messages that some of them hold. */
type Fields = { readonly [name: string]: number | readonly [number: number, fields: Fields] };

const optionFields = {
  imagesDirFd: 1,
  pid: 2,
  leaveRunning: 3,
  extUnixSk: 4,
  tcpEstablished: 5,
  evasiveDevices: 6,
  shellJob: 7,
  fileLocks: 8,
  logLevel: 9,
  logFile: 10,
  ps: [11, { address: 1, port: 2 }],
  notifyScripts: 12,
  root: 13,
  parentImg: 14,
  trackMem: 15,
  autoDedup: 16,
  workDirFd: 17,
  linkRemap: 18,
  extMnt: [23, { key: 1, val: 2 }],
  manageCgroups: 24,
  cgRoot: [25, { ctrl: 1, path: 2 }],
  rstSibling: 26,
  inheritFd: [27, { key: 1, fd: 2 }],
  manageCgroupsMode: 34,
  external: 37,
  emptyNs: 38,
  joinNs: [39, { ns: 1, nsFile: 2 }],
  freezeCgroup: 44,
  tcpSkipInFlight: 46,
  lazyPages: 48,
  statusFd: 49,
  orphanPtsMaster: 50,
  configFile: 51,
  lsmProfile: 53,
  cgroupYard: 60,
  lsmMountContext: 63,
  networkLock: 64,
} as const satisfies Fields & Readonly<Record<keyof CriuOptions, unknown>>;

const requestFields: Fields = { type: 1, opts: [2, optionFields] };

/**
 * A request as criu reads it.
 *
 * Source: https://github.com/checkpoint-restore/criu/blob/v4.1/images/rpc.proto criu_req
 */
export function encodeRequest(type: keyof typeof criuRequests, opts: CriuOptions): Buffer {
  return encodeMessage(requestFields, { type: criuRequests[type], opts });
}

function encodeMessage(fields: Fields, message: Readonly<Record<string, unknown>>): Buffer {
  const parts: Buffer[] = [];
  for (const [name, field] of Object.entries(fields)) {
    const value = message[name];
    if (value === undefined) continue;
    for (const item of Array.isArray(value) ? (value as unknown[]) : [value])
      parts.push(...encodeField(field, item));
  }
  return Buffer.concat(parts);
}

/** Source: https://protobuf.dev/programming-guides/encoding/ */
function encodeField(field: Fields[string] | undefined, value: unknown): Buffer[] {
  const [number, inner] = typeof field === "number" ? [field, {}] : (field ?? [0, {}]);
  if (typeof value === "number" || typeof value === "boolean")
    return [varint(BigInt(number) << 3n), varint(BigInt.asUintN(64, BigInt(value)))];
  const bytes =
    typeof value === "string"
      ? Buffer.from(value)
      : encodeMessage(inner, value as Readonly<Record<string, unknown>>);
  return [varint((BigInt(number) << 3n) | 2n), varint(BigInt(bytes.length)), bytes];
}

/** Seven bits a byte, the lowest first; all bytes but the last have the highest bit set. */
function varint(value: bigint): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 0x7fn; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
  bytes.push(Number(rest));
  return Buffer.from(bytes);
}
