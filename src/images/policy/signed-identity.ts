import { TugError } from "../../base/index.ts";
import { formatReference, parseName, type Reference, repositoryOf } from "../reference.ts";
import type { SignedIdentity } from "./policy-schema.ts";

/**
 * Whether the name in a signature fits an image by a policy.
 * Source: https://github.com/containers/image/blob/v5.36.2/signature/policy_reference_match.go
 * @param image undefined for an image without a name, which fits names only that the policy itself gives
 */
export function fitsIdentity(
  identity: SignedIdentity,
  image: Reference | undefined,
  signed: string,
): boolean {
  const name = parsed(signed);
  if (name === undefined) return false;
  switch (identity.type) {
    case "exactReference":
      return isSame(parsed(identity.dockerReference), name);
    case "exactRepository":
      return isInRepository(parsed(identity.dockerRepository), name);
    case "matchExact":
      return isSame(image, name);
    case "matchRepository":
      return isInRepository(image, name);
    case "matchRepoDigestOrExact":
      return fits(image, name);
    case "remapIdentity":
      return fits(image && remapped(image, identity), name);
  }
}

/** By a digest any image of the repository fits: the digest is checked anyway. */
function fits(image: Reference | undefined, name: Reference): boolean {
  return image?.digest === undefined ? isSame(image, name) : isInRepository(image, name);
}

/** Whether both are the same name with a tag or digest. */
function isSame(image: Reference | undefined, name: Reference): boolean {
  if (image === undefined || (name.tag ?? name.digest) === undefined) return false;
  return formatReference(image) === formatReference(name);
}

function isInRepository(image: Reference | undefined, name: Reference): boolean {
  return image !== undefined && repositoryOf(image) === repositoryOf(name);
}

function remapped(
  image: Reference,
  { prefix, signedPrefix }: SignedIdentity & { type: "remapIdentity" },
): Reference | undefined {
  const repository = repositoryOf(image);
  if (repository !== prefix && !repository.startsWith(`${prefix}/`)) return image;
  return parsed(signedPrefix + formatReference(image).slice(prefix.length));
}

function parsed(text: string): Reference | undefined {
  try {
    return parseName(text);
  } catch (error) {
    if (error instanceof TugError) return undefined;
    throw error;
  }
}
