import type { PathDescription } from "../model/path-description.ts";

/**
 * Reads what the helper's statInRoot returns.
 * Source: docs/plan-wire.md, "Descriptions"
 *
 * @param path as it was asked for
 */
export function parseDescription(path: string, bytes: Buffer): PathDescription {
  const link = textAt(bytes, 32);
  const target = textAt(bytes, link.end);
  return {
    name: baseName(path),
    mode: bytes.readUInt32LE(0),
    size: Number(bytes.readBigUInt64LE(12)),
    modifiedAt: timestamp(bytes.readBigInt64LE(20), bytes.readUInt32LE(28)),
    linkTarget: target.text || link.text,
  };
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

function timestamp(seconds: bigint, nanoseconds: number): string {
  const whole = new Date(Number(seconds) * 1000).toISOString().slice(0, 19);
  return `${whole}.${String(nanoseconds).padStart(9, "0")}Z`;
}
