import * as v from "valibot";
import { jsonPointer, messageOf } from "../../base/index.ts";
import type { SignatureForm } from "../../signatures/index.ts";
import { imageError } from "../errors.ts";
import { formatReference, type Reference, repositoryOf } from "../reference.ts";
import {
  keylessMembers,
  policySchema,
  type RequirementDocument,
  type SignedIdentity,
} from "./policy-schema.ts";
import { repeatedMember } from "./unique-members.ts";

/** A key of a policy: its file, or what would be in it. */
export type PolicyKey = { readonly path: string } | { readonly data: Uint8Array };

/** One thing that an image has to be. `place` is the file with a JSON pointer. */
export type Requirement = { readonly place: string } & (
  | { readonly kind: "accept" | "reject" }
  | {
      readonly kind: "signed";
      /** Whose keys they are. */
      readonly form: SignatureForm;
      readonly keys: readonly PolicyKey[];
      readonly identity: SignedIdentity;
    }
  /** What cannot be checked here, and is therefore not met. */
  | { readonly kind: "unknown"; readonly what: string }
);

/** Who must have signed what. */
export type Policy = {
  /** All that an image has to be; undefined is an image without a name. */
  requirementsFor(reference: Reference | undefined): readonly Requirement[];
};

/** Names of images are in the scopes of this transport. */
const transport = "docker";

/**
 * Reads a policy as podman and skopeo have it.
 * @param file its name for errors
 * @throws IMAGE_POLICY with a JSON pointer
 */
export function parsePolicy(text: string, file: string): Policy {
  const document = checkedDocument(text, file);
  const scopes = document.transports?.[transport] ?? {};
  return {
    requirementsFor(reference) {
      const scope = scopesOf(reference).find((each) => Object.hasOwn(scopes, each));
      const [list, path] =
        scope === undefined
          ? [document.default, ["default"]]
          : [scopes[scope] ?? [], ["transports", transport, scope]];
      return list.map((each, index) => readRequirement(each, `${file}#${jsonPointer([...path, index])}`));
    },
  };
}

/**
 * Where requirements for an image are looked for, the most special first: its name, the repository and what that is
 * below, the host, the domains above it, and every registry. None for an image without a name.
 * Source: https://github.com/containers/image/blob/v5.36.2/docker/policyconfiguration/naming.go
 */
export function scopesOf(reference: Reference | undefined): string[] {
  if (reference === undefined) return [];
  const repository = repositoryOf(reference);
  const above: string[] = [];
  for (let name = repository; name !== ""; name = name.slice(0, Math.max(0, name.lastIndexOf("/")))) {
    above.push(name);
  }
  const labels = reference.domain.replace(/:\d+$/, "").split(".");
  const wild = labels.slice(1).map((_, index) => `*.${labels.slice(index + 1).join(".")}`);
  return [formatReference(reference), ...above, ...wild, ""];
}

function checkedDocument(text: string, file: string): v.InferOutput<typeof policySchema> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw unusable(`${file}#/`, `it is no JSON: ${messageOf(cause)}`);
  }
  const repeated = repeatedMember(text);
  if (repeated !== undefined) throw unusable(`${file}#${repeated}`, "it is there twice");
  const result = v.safeParse(policySchema, value, { abortEarly: true });
  if (result.success) return result.output;
  const [issue] = result.issues;
  const pointer = jsonPointer((issue.path ?? []).map(({ key }) => String(key))) || "/";
  throw unusable(`${file}#${pointer}`, issue.message.slice(0, 300));
}

function readRequirement(document: RequirementDocument, place: string): Requirement {
  switch (document.type) {
    case "insecureAcceptAnything":
      return { place, kind: "accept" };
    case "reject":
      return { place, kind: "reject" };
    case "sigstoreSigned": {
      const member = keylessMembers.find((name) => name in document);
      if (member !== undefined) return { place, kind: "unknown", what: `${document.type} with ${member}` };
      return {
        place,
        kind: "signed",
        form: "cosign",
        keys: keysOf(document),
        identity: identityOf(document),
      };
    }
    case "signedBy": {
      const { keyType } = document;
      if (keyType !== "GPGKeys") return { place, kind: "unknown", what: `${document.type} with ${keyType}` };
      return { place, kind: "signed", form: "gpg", keys: keysOf(document), identity: identityOf(document) };
    }
    default:
      return { place, kind: "unknown", what: document.type };
  }
}

type Signed = RequirementDocument & { type: "sigstoreSigned" | "signedBy" };

function identityOf({ signedIdentity }: Signed): SignedIdentity {
  return signedIdentity ?? { type: "matchRepoDigestOrExact" };
}

function keysOf({ keyPath, keyPaths = [], keyData, ...document }: Signed): PolicyKey[] {
  const keyDatas = "keyDatas" in document ? (document.keyDatas ?? []) : [];
  const paths = keyPath === undefined ? keyPaths : [keyPath];
  const datas = keyData === undefined ? keyDatas : [keyData];
  return [
    ...paths.map((path) => ({ path })),
    ...datas.map((data) => ({ data: new Uint8Array(Buffer.from(data, "base64")) })),
  ];
}

/** The error for a policy that cannot be followed. */
export function unusable(place: string, reason: string) {
  return imageError("POLICY", `cannot follow the policy ${place}: ${reason}`, {
    hint: "repair the file: until then no image is pulled or run",
  });
}
