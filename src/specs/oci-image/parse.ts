import * as v from "valibot";
import { jsonPointer } from "../../base/index.ts";
import {
  imageLayoutVersion,
  indexMediaTypes,
  manifestMediaTypes,
  maxConfigSize,
  maxManifestSize,
} from "./constants.ts";
import { documentError } from "./errors.ts";
import { configSchema, dockerArchiveSchema, indexSchema, layoutSchema, manifestSchema } from "./schema.ts";
import type { DockerArchiveImage, ImageConfig, Index, Manifest } from "./types.ts";

/** A manifest or an index, with the media type by which it is one. */
export type ManifestDocument =
  | { kind: "index"; mediaType: string; index: Index }
  | { kind: "manifest"; mediaType: string; manifest: Manifest };

const maxDepth = 64;

/**
 * Reads a manifest or an index, whichever it is.
 *
 * A document that could be read as both is refused, and so is one whose own media type is not the one it was
 * announced with: two readers must never see two images in one digest (CVE-2021-41190).
 *
 * @param mediaType what a descriptor or the Content-Type header calls it; undefined or another type: the document says
 * @param name name of the document for the error, such as "manifest sha256:..."
 * @throws OCI_IMAGE_JSON, OCI_IMAGE_INVALID, OCI_IMAGE_UNSUPPORTED
 */
export function parseManifestDocument(
  data: Uint8Array,
  name: string,
  mediaType?: string | undefined,
): ManifestDocument {
  const value = parseJson(data, name, maxManifestSize);
  const members = typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  if (members.schemaVersion === 1) {
    throw documentError("UNSUPPORTED", `cannot use ${name}: it is in Docker's old schema 1`, {
      hint: "push the image again with a current tool",
    });
  }
  const own = typeof members.mediaType === "string" ? members.mediaType : undefined;
  const announced = mediaType !== undefined && isManifestType(mediaType) ? mediaType : undefined;
  if (own !== undefined && announced !== undefined && own !== announced) {
    throw invalid(name, "/mediaType", `it calls itself ${own} but was announced as ${announced}`);
  }
  const type = announced ?? own;
  if (type !== undefined && !isManifestType(type)) throw unsupported(name, type);
  const isIndex = type === undefined ? "manifests" in members : indexMediaTypes.includes(type);
  for (const member of isIndex ? ["layers", "config"] : ["manifests"]) {
    if (member in members)
      throw invalid(name, `/${member}`, "an index and a manifest cannot be one document");
  }
  return isIndex
    ? { kind: "index", mediaType: type ?? indexMediaTypes[0]!, index: check(indexSchema, value, name) }
    : {
        kind: "manifest",
        mediaType: type ?? manifestMediaTypes[0]!,
        manifest: check(manifestSchema, value, name),
      };
}

/** Reads the configuration of an image. Errors as for `parseManifestDocument`. */
export function parseImageConfig(data: Uint8Array, name: string): ImageConfig {
  return check(configSchema, parseJson(data, name, maxConfigSize), name);
}

/** Reads `index.json` of a layout. */
export function parseIndex(data: Uint8Array, name: string): Index {
  return check(indexSchema, parseJson(data, name, maxManifestSize), name);
}

/** Checks the marker file `oci-layout`. */
export function checkLayoutMarker(data: Uint8Array, name: string): void {
  const { imageLayoutVersion: version } = check(layoutSchema, parseJson(data, name, 4096), name);
  if (version === imageLayoutVersion) return;
  throw documentError("UNSUPPORTED", `cannot use ${name}: layout version ${version} is not known`);
}

/** Reads `manifest.json` of an archive of `docker save`. */
export function parseDockerArchive(data: Uint8Array, name: string): readonly DockerArchiveImage[] {
  return check(dockerArchiveSchema, parseJson(data, name, maxManifestSize), name);
}

function isManifestType(mediaType: string): boolean {
  return indexMediaTypes.includes(mediaType) || manifestMediaTypes.includes(mediaType);
}

function parseJson(data: Uint8Array, name: string, limit: number): unknown {
  if (data.length > limit) {
    throw documentError("JSON", `cannot read ${name}: it is larger than ${limit} bytes`);
  }
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(data);
    return withoutNulls(JSON.parse(text), maxDepth);
  } catch (cause) {
    const reason = cause instanceof SyntaxError ? "not valid JSON" : "not UTF-8, or nested too deeply";
    throw documentError("JSON", `cannot read ${name}: ${reason}`, { cause });
  }
}

/** Drops the members that are null, which the specification has mean "absent". */
function withoutNulls(value: unknown, depth: number): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (depth === 0) throw new RangeError("nested too deeply");
  if (Array.isArray(value)) return value.map((each) => withoutNulls(each, depth - 1));
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, member]) => member !== null)
      .map(([key, member]) => [key, withoutNulls(member, depth - 1)]),
  );
}

function check<T>(schema: v.GenericSchema<unknown, T>, value: unknown, name: string): T {
  const result = v.safeParse(schema, value, { abortEarly: true });
  if (result.success) return result.output;
  const issue = result.issues[0];
  const path = (issue.path ?? []).map(({ key }) => (typeof key === "number" ? key : String(key)));
  throw invalid(name, jsonPointer(path), reasonOf(issue));
}

/** The library's message tells expected and found; the text of a hostile value is cut. */
function reasonOf(issue: v.BaseIssue<unknown>): string {
  if (issue.expected === null) return issue.message;
  if (issue.received === "undefined") return "it is missing";
  const received = issue.received.length > 60 ? `${issue.received.slice(0, 60)}...` : issue.received;
  return `expected ${issue.expected}, found ${received}`;
}

function invalid(name: string, pointer: string, reason: string) {
  return documentError("INVALID", `cannot use ${name}: ${pointer || "/"}: ${reason}`, {
    details: { document: name, pointer },
  });
}

function unsupported(name: string, mediaType: string) {
  return documentError("UNSUPPORTED", `cannot use ${name}: ${mediaType} is not an image`);
}
