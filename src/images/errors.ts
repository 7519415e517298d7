import { defineErrors } from "../base/index.ts";

/** Raises the failures of the images module. */
export const imageError = defineErrors("IMAGE", {
  AMBIGUOUS: { kind: "invalid", when: "several images have ids that begin like the text" },
  ARCHIVE: {
    kind: "invalid",
    when: "a tar archive is malformed, truncated or has members that nobody could mean well",
  },
  COMPRESSION: { kind: "invalid", when: "a layer is compressed in an unknown way, damaged or truncated" },
  CONFIGURATION: { kind: "invalid", when: "the documents of an image do not fit together" },
  CONTENT_CORRUPT: { kind: "dataLoss", when: "a stored blob no longer has the bytes of its digest" },
  CONTENT_DIGEST: {
    kind: "dataLoss",
    when: "bytes that arrived do not have the digest they were announced with",
  },
  CONTENT_NOT_FOUND: { kind: "notFound", when: "a blob is not in the content store" },
  CONTENT_SIZE: { kind: "dataLoss", when: "a blob is longer or shorter than announced, or than allowed" },
  DAEMON: { kind: "unavailable", when: "a Docker daemon cannot be spoken to, or refuses an image" },
  DIFF_ID: { kind: "dataLoss", when: "the archive of a layer is not the one that the configuration names" },
  LAYER_ENTRY: {
    kind: "invalid",
    when: "a layer has an entry that it may not have, such as one outside of its root",
  },
  LAYER_LIMIT: { kind: "invalid", when: "a layer has more entries or bytes than an honest one" },
  INCOMPLETE: {
    kind: "invalid",
    when: "an archive, a layout or the store lacks a blob that a manifest names",
  },
  IN_USE: {
    kind: "conflict",
    when: "an image is to go that containers use or that has names in several repositories",
  },
  LOOKASIDE: {
    kind: "unavailable",
    when: "the place where signatures lie apart from a registry cannot be read or written",
  },
  NOT_FOUND: { kind: "notFound", when: "no image has that name or id" },
  PLACE: { kind: "invalid", when: "the text names no place of an image, such as docker://debian" },
  PLATFORM: { kind: "notFound", when: "an image has nothing for the platform asked for" },
  PLATFORM_SYNTAX: { kind: "invalid", when: "the text is not a platform" },
  POLICY: { kind: "invalid", when: "the policy for images cannot be read, or names keys that are of no use" },
  POLICY_REFUSED: { kind: "forbidden", when: "the policy does not let an image in, or run" },
  REFERENCE: { kind: "invalid", when: "the text is not an image reference" },
  REGISTRY_BUSY: { kind: "conflict", when: "the address on which a registry is to be served is taken" },
  REGISTRY_CERTIFICATE: { kind: "unavailable", when: "a registry's certificate cannot be trusted" },
  REGISTRY_CONFIG: {
    kind: "invalid",
    when: "a file with settings for registries cannot be read or has wrong values",
  },
  REGISTRY_DENIED: { kind: "forbidden", when: "a registry forbids the request to this account" },
  REGISTRY_FAILED: { kind: "unavailable", when: "a registry goes on answering with a server error" },
  REGISTRY_LIMIT: {
    kind: "exhausted",
    when: "a registry goes on answering that there are too many requests",
  },
  REGISTRY_NOT_FOUND: { kind: "notFound", when: "a registry has no such repository, tag or blob" },
  REGISTRY_PROTOCOL: {
    kind: "unavailable",
    when: "a registry's answer makes no sense, or the connection fails",
  },
  REGISTRY_SERVER: {
    kind: "invalid",
    when: "a registry cannot be served like that: its address, name, certificate or users are of no use",
  },
  REGISTRY_TIMEOUT: { kind: "timeout", when: "a registry accepts connections and then stays silent" },
  REGISTRY_PROXY: { kind: "invalid", when: "a variable of the environment names a proxy that is none" },
  REGISTRY_UNAUTHORIZED: {
    kind: "unauthorized",
    when: "a registry wants other credentials, or hides that it has no such repository",
  },
  REGISTRY_UNREACHABLE: { kind: "unavailable", when: "no connection to a registry can be made" },
  TREE_RECORD: { kind: "internal", when: "a stream of tree records is malformed or ends early" },
  SNAPSHOTTER: {
    kind: "unavailable",
    when: "this machine cannot keep layers in the form that was asked for",
  },
  SNAPSHOT_EXISTS: { kind: "conflict", when: "there is a snapshot with that key already" },
  SNAPSHOT_IN_USE: { kind: "conflict", when: "a snapshot is to go that others stand on" },
  SNAPSHOT_NOT_FOUND: { kind: "notFound", when: "there is no snapshot with that key" },
  SNAPSHOT_STATE: { kind: "internal", when: "a snapshot is active or committed where the other is needed" },
  STORAGE: { kind: "internal", when: "a write into the image store failed" },
  STORAGE_FULL: { kind: "exhausted", when: "the disk of the image store is full" },
});
