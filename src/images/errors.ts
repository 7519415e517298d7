import { defineErrors } from "../base/index.ts";

/** Raises the failures of the images module. */
export const imageError = defineErrors("IMAGE", {
  CONTENT_CORRUPT: { kind: "dataLoss", when: "a stored blob no longer has the bytes of its digest" },
  CONTENT_DIGEST: {
    kind: "dataLoss",
    when: "bytes that arrived do not have the digest they were announced with",
  },
  CONTENT_NOT_FOUND: { kind: "notFound", when: "a blob is not in the content store" },
  CONTENT_SIZE: { kind: "dataLoss", when: "a blob is longer or shorter than announced, or than allowed" },
  PLATFORM: { kind: "notFound", when: "an image has nothing for the platform asked for" },
  PLATFORM_SYNTAX: { kind: "invalid", when: "the text is not a platform" },
  REFERENCE: { kind: "invalid", when: "the text is not an image reference" },
  STORAGE: { kind: "internal", when: "a write into the image store failed" },
  STORAGE_FULL: { kind: "exhausted", when: "the disk of the image store is full" },
});
