import { defineErrors } from "../base/index.ts";

/** Failures of keys and of signatures of images. */
export const signatureError = defineErrors("SIGNATURE", {
  KEY: { kind: "invalid", when: "the text is no key, or one of a kind that is not used for signatures" },
  MISSING: { kind: "forbidden", when: "an image has no signature" },
  OTHER_DIGEST: {
    kind: "forbidden",
    when: "the key has signed something else than the image that the signature lies beside",
  },
  OTHER_KEY: { kind: "forbidden", when: "no signature of an image was made with the key" },
  OTHER_NAME: { kind: "forbidden", when: "the key has signed the image under another name" },
  PASSWORD: { kind: "unauthorized", when: "a private key cannot be decrypted with the password" },
  PAYLOAD: { kind: "invalid", when: "what a signature signs is no statement about an image" },
  UNFIT: {
    kind: "forbidden",
    when: "a GPG signature cannot be read, was changed, or has expired, or its key has, is revoked or is not for signatures",
  },
});
