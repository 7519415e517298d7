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
  if (separator < 0 || !isNumber(id) || !isNumber(parentId)) return undefined;
  const [type, source, superOptions = ""] = fields.slice(separator + 1);
  if (root === undefined || mountPoint === undefined || type === undefined || source === undefined) {
    return undefined;
  }
  return {
    id: Number(id),
    parentId: Number(parentId),
    root: unescapeOctal(root),
    mountPoint: unescapeOctal(mountPoint),
    options: listOf(options ?? ""),
    tags: fields.slice(6, separator).filter((tag) => tag !== ""),
    type,
    // A file system may have an empty source, which leaves two blanks in a row.
    source: unescapeOctal(source),
    superOptions: listOf(superOptions),
  };
}

function isNumber(text: string | undefined): boolean {
  return text !== undefined && /^\d{1,10}$/.test(text);
}

function listOf(text: string): string[] {
  return text === "" ? [] : text.split(",").map(unescapeOctal);
}

/** The kernel writes blank, tab, newline, backslash and # as a backslash and three octal digits, all else as it is. */
function unescapeOctal(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
}
