/** One mount as the kernel lists it. Source: proc_pid_mountinfo(5) */
export type MountEntry = {
  readonly id: number;
  readonly parentId: number;
  /** Path of the directory in the file system that is the root of this mount. */
  readonly root: string;
  readonly mountPoint: string;
  /** Options of the mount. */
  readonly options: readonly string[];
  /** Tags such as `shared:2`, `master:1`. */
  readonly tags: readonly string[];
  readonly type: string;
  readonly source: string;
  /** Options of the file system. */
  readonly superOptions: readonly string[];
};

/** Reads /proc/PID/mountinfo. A line that is not of its form is left out. */
export function parseMountinfo(text: string): MountEntry[] {
  return text.split("\n").flatMap((line) => parseLine(line) ?? []);
}

function parseLine(line: string): MountEntry | undefined {
  const fields = line.split(" ");
  const separator = fields.indexOf("-", 6);
  const [id, parentId, , root, mountPoint, options] = fields;
  const [type, source, superOptions = ""] = fields.slice(separator + 1);
  if (
    separator < 0 ||
    root === undefined ||
    mountPoint === undefined ||
    type === undefined ||
    source === undefined
  ) {
    return undefined;
  }
  return {
    id: Number(id),
    parentId: Number(parentId),
    root: unescape(root),
    mountPoint: unescape(mountPoint),
    options: (options ?? "").split(","),
    tags: fields.slice(6, separator),
    type,
    source: unescape(source),
    superOptions: superOptions.split(","),
  };
}

/** The kernel writes space, tab, newline and backslash as three octal digits; what they spell is UTF-8. */
function unescape(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
}
