import type { PathDescription } from "../model/path-description.ts";

/** What the helper says of a file. */
export type FileFacts = {
  /** As stat(2) has it: type and permission bits. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  readonly mtime: { readonly seconds: number; readonly nanoseconds: number };
  /** Target of a symbolic link, and where it leads in the end. */
  readonly link: string;
  readonly target: string;
};

/** Reads what the helper's statInRoot returns. Source: docs/plan-wire.md, "Descriptions" */
export function parseFileFacts(bytes: Buffer): FileFacts {
  const link = textAt(bytes, 32);
  return {
    mode: bytes.readUInt32LE(0),
    uid: bytes.readUInt32LE(4),
    gid: bytes.readUInt32LE(8),
    size: Number(bytes.readBigUInt64LE(12)),
    mtime: { seconds: Number(bytes.readBigInt64LE(20)), nanoseconds: bytes.readUInt32LE(28) },
    link: link.text,
    target: textAt(bytes, link.end).text,
  };
}

/** @param path as it was asked for */
export function describeFile(path: string, { mode, size, mtime, link, target }: FileFacts): PathDescription {
  const whole = new Date(mtime.seconds * 1000).toISOString().slice(0, 19);
  const modifiedAt = `${whole}.${String(mtime.nanoseconds).padStart(9, "0")}Z`;
  return { name: baseName(path), mode, size, modifiedAt, linkTarget: target || link };
}

/** The last part of a path: `.` stays, slashes at the end do not count. */
export function baseName(path: string): string {
  const trimmed = path.replace(/\/+$/, "");
  return trimmed.slice(trimmed.lastIndexOf("/") + 1) || "/";
}

function textAt(bytes: Buffer, at: number): { text: string; end: number } {
  const end = at + 4 + bytes.readUInt32LE(at);
  return { text: bytes.toString("utf8", at + 4, end), end };
}
