/** What is used of /proc/PID/status. Capability sets are masks, ids are real, effective, saved and file system id. */
export type ProcessStatus = {
  readonly name: string;
  readonly state: string;
  readonly threadGroup: number;
  readonly parentPid: number;
  readonly uids: readonly number[];
  readonly gids: readonly number[];
  readonly groups: readonly number[];
  /** Pids from the reader's namespace inwards; one entry where namespaces are not nested. */
  readonly namespacePids: readonly number[];
  readonly capabilities: {
    readonly inheritable: bigint;
    readonly permitted: bigint;
    readonly effective: bigint;
    readonly bounding: bigint;
    readonly ambient: bigint;
  };
  readonly noNewPrivileges: boolean;
  /** 0 none, 1 strict, 2 filter; absent in a kernel without seccomp. */
  readonly seccomp: number | undefined;
};

/** Reads /proc/PID/status. What is missing is 0 or empty. Source: proc_pid_status(5) */
export function parseProcessStatus(text: string): ProcessStatus {
  const fields = new Map(
    text.split("\n").flatMap((line) => {
      const colon = line.indexOf(":");
      return colon < 0 ? [] : [[line.slice(0, colon), line.slice(colon + 1).trim()] as const];
    }),
  );
  const numbers = (name: string): number[] =>
    (fields.get(name) ?? "").split(/\s+/).filter(isNumber).map(Number);
  const mask = (name: string): bigint => {
    const digits = fields.get(name) ?? "";
    return /^[0-9a-f]{1,16}$/.test(digits) ? BigInt(`0x${digits}`) : 0n;
  };
  return {
    name: unescapeName(fields.get("Name") ?? ""),
    state: (fields.get("State") ?? "").charAt(0),
    threadGroup: numbers("Tgid")[0] ?? 0,
    parentPid: numbers("PPid")[0] ?? 0,
    uids: numbers("Uid"),
    gids: numbers("Gid"),
    groups: numbers("Groups"),
    namespacePids: numbers("NSpid"),
    capabilities: {
      inheritable: mask("CapInh"),
      permitted: mask("CapPrm"),
      effective: mask("CapEff"),
      bounding: mask("CapBnd"),
      ambient: mask("CapAmb"),
    },
    noNewPrivileges: numbers("NoNewPrivs")[0] === 1,
    seccomp: numbers("Seccomp")[0],
  };
}

function isNumber(text: string): boolean {
  return /^\d{1,10}$/.test(text);
}

/** The kernel writes a line break as \n and a backslash twice. */
function unescapeName(name: string): string {
  return name.replace(/\\(n|\\)/g, (_, letter: string) => (letter === "n" ? "\n" : "\\"));
}
