import type { Client } from "../../../../api/docker/client/index.ts";
import type { Digest } from "../../../../base/index.ts";
import type { ImageSignature, SignatureForm } from "../../../../signatures/index.ts";
import { dockerApi } from "../../../../specs/index.ts";
import type { CliContext } from "../../../context.ts";
import { absolutePlace } from "../../../values/place.ts";
import { type AccessValues, accessTo } from "../remote/access.ts";

/** An image somewhere, with the signatures that lie beside it. */
export type SignedImage = {
  /** As the engine understands it. */
  readonly place: string;
  readonly access: Awaited<ReturnType<typeof accessTo>>;
  readonly digest: Digest;
  /** Full names by which it goes; none where it has no name. */
  readonly names: readonly string[];
  readonly signatures: readonly ImageSignature[];
};

export type SignedImageRequest = {
  /** What the signatures are for: those of another form need not be within reach. */
  readonly form: SignatureForm;
  readonly values: AccessValues;
  readonly context: CliContext;
  readonly signal: AbortSignal;
};

/** Asks the engine for an image and its signatures. */
export async function findSignedImage(
  client: Client,
  text: string,
  { form, values, context, signal }: SignedImageRequest,
): Promise<SignedImage> {
  const access = await accessTo(text, values, context);
  const place = absolutePlace(text, context.cwd);
  const { Digest, Names, Signatures } = await client.images.remote.signatures(place, {
    ...access,
    form,
    signal,
  });
  const signatures = Signatures.map(({ Payload, Signature }) => ({
    payload: new Uint8Array(Buffer.from(Payload, "base64")),
    signature: Signature,
  }));
  return { place, access, digest: Digest as Digest, names: Names, signatures };
}

/** Whether two names are of the same repository: `debian` and `docker.io/library/debian:12`. */
export function isSameRepository(one: string, other: string): boolean {
  return repositoryOf(one) === repositoryOf(other);
}

function repositoryOf(name: string): string {
  return dockerApi.splitReference(dockerApi.fullReference(name)).name;
}
