import * as v from "valibot";
import { TugError } from "../../base/index.ts";
import { parseName, type Reference } from "../reference.ts";

/** How the name in a signature has to fit that of the image. */
const identity = v.variant("type", [
  v.strictObject({ type: v.literal("matchExact") }),
  v.strictObject({ type: v.literal("matchRepoDigestOrExact") }),
  v.strictObject({ type: v.literal("matchRepository") }),
  v.strictObject({
    type: v.literal("exactReference"),
    dockerReference: named(({ tag, digest }) => (tag ?? digest) !== undefined, "a name with a tag or digest"),
  }),
  v.strictObject({
    type: v.literal("exactRepository"),
    dockerRepository: named(({ tag, digest }) => (tag ?? digest) === undefined, "a name without a tag"),
  }),
  v.strictObject({ type: v.literal("remapIdentity"), prefix: prefix(), signedPrefix: prefix() }),
]);

const text = v.string();
const texts = v.pipe(v.array(text), v.minLength(1));

/** Where keys may be named; exactly one of these. */
const keys = {
  keyPath: v.optional(text),
  keyPaths: v.optional(texts),
  keyData: v.optional(base64()),
};

const keySources = ["keyPath", "keyPaths", "keyData", "keyDatas", "fulcio", "pki"];

const hasOneSource = (value: object): boolean => keySources.filter((name) => name in value).length === 1;

const oneSource = "Expected exactly one of keyPath, keyPaths, keyData and what stands for them";

/** Members that newer versions have for certificates and transparency logs. */
const keyless = {
  fulcio: v.optional(v.unknown()),
  pki: v.optional(v.unknown()),
  rekorPublicKeyPath: v.optional(v.unknown()),
  rekorPublicKeyPaths: v.optional(v.unknown()),
  rekorPublicKeyData: v.optional(v.unknown()),
  rekorPublicKeyDatas: v.optional(v.unknown()),
};

/** The members of `keyless`: what is asked for by them cannot be checked. */
export const keylessMembers = Object.keys(keyless);

const requirement = v.variant("type", [
  v.strictObject({ type: v.literal("insecureAcceptAnything") }),
  v.strictObject({ type: v.literal("reject") }),
  v.pipe(
    v.strictObject({
      type: v.literal("signedBy"),
      keyType: v.picklist(["GPGKeys", "signedByGPGKeys", "X509Certificates", "signedByX509CAs"]),
      ...keys,
      signedIdentity: v.optional(identity),
    }),
    v.check((value) => hasOneSource(value), oneSource),
  ),
  v.strictObject({ type: v.literal("signedBaseLayer"), baseLayerIdentity: identity }),
  v.pipe(
    v.strictObject({
      type: v.literal("sigstoreSigned"),
      ...keys,
      keyDatas: v.optional(v.pipe(v.array(base64()), v.minLength(1))),
      ...keyless,
      signedIdentity: v.optional(identity),
    }),
    v.check((value) => hasOneSource(value), oneSource),
  ),
]);

const requirements = v.pipe(v.array(requirement), v.minLength(1));

/**
 * The form of a policy. Members that are not known are refused, because they might have restricted something.
 * Source: https://github.com/containers/image/blob/v5.36.2/docs/containers-policy.json.5.md
 */
export const policySchema = v.strictObject({
  default: requirements,
  transports: v.optional(v.record(text, v.record(text, requirements))),
});

export type SignedIdentity = v.InferOutput<typeof identity>;
export type PolicyDocument = v.InferOutput<typeof policySchema>;
export type RequirementDocument = v.InferOutput<typeof requirement>;

/** The reference that a text is, with what is left out of it but for the tag. */
function named(fits: (reference: Reference) => boolean, what: string) {
  return v.pipe(
    v.string(),
    v.check((value) => {
      try {
        return fits(parseName(value));
      } catch (error) {
        if (error instanceof TugError) return false;
        throw error;
      }
    }, `Expected ${what}`),
  );
}

/** A registry's host, or the beginning of a repository's full name. */
function prefix() {
  return v.pipe(
    v.string(),
    v.regex(/^[a-zA-Z0-9.-]+(:\d+)?(\/[a-z0-9._-]+)*$/, "Expected a host or a full name"),
  );
}

function base64() {
  return v.pipe(v.string(), v.maxLength(128 * 1024), v.base64());
}
