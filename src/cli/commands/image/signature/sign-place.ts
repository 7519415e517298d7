import type { Client } from "../../../../api/docker/client/index.ts";
import { judgeSignatures } from "../../../../signatures/index.ts";
import { dockerApi } from "../../../../specs/index.ts";
import { cliError } from "../../../errors.ts";
import type { ImageSigner } from "./image-signer.ts";
import { findSignedImage, type SignedImage, type SignedImageRequest } from "./signed-image.ts";

export type SigningRequest = Omit<SignedImageRequest, "form"> & {
  readonly signer: ImageSigner;
  /** By default that of the image. */
  readonly name: string | undefined;
  /** The option that gives another name. */
  readonly nameOption: string;
  /** What is said about it besides. */
  readonly optional: Readonly<Record<string, unknown>>;
};

export type SignedPlace = {
  /** Name and digest. */
  readonly image: string;
  /** The signer had said the same before. */
  readonly isOld: boolean;
};

/** Puts a signature beside an image, unless the same is there. */
export async function signPlace(client: Client, text: string, request: SigningRequest): Promise<SignedPlace> {
  const { signer, optional, signal } = request;
  const image = await findSignedImage(client, text, { ...request, form: signer.verifier.form });
  const name = nameToSign(image, text, request);
  const { digest, signatures, place, access } = image;
  const wanted = { signer: signer.verifier, keyName: signer.name, digests: [digest] };
  const before = judgeSignatures(signatures, { ...wanted, acceptsName: (signed) => signed === name });
  const said = before.kind === "good" ? before.signatures.map(({ claim }) => claim.optional) : [];
  const done = `${name}@${digest}`;
  if (said.some((each) => saysSame(each, optional))) return { image: done, isOld: true };
  const { payload, signature } = await signer.sign({ name, digest, optional });
  const body = { Payload: Buffer.from(payload).toString("base64"), Signature: signature };
  await client.images.remote.sign(place, body, { ...access, signal });
  return { image: done, isOld: false };
}

/** Whether two signatures say the same, whatever made them and when. */
function saysSame(one: Readonly<Record<string, unknown>>, other: Readonly<Record<string, unknown>>): boolean {
  const said = ({ creator, timestamp, ...rest }: Readonly<Record<string, unknown>>) => JSON.stringify(rest);
  return said(one) === said(other);
}

/** The name in full, because readers compare it as a text. */
function nameToSign(
  { names }: SignedImage,
  text: string,
  { name: given, nameOption }: Pick<SigningRequest, "name" | "nameOption">,
): string {
  if (given !== undefined) return dockerApi.fullReference(given);
  const [name, ...others] = names;
  if (name !== undefined && others.length === 0) return name.replace(/@.*$/, "");
  const reason = name === undefined ? "it has no name there" : "it has several names";
  throw cliError("USAGE", `cannot sign ${text}: ${reason}`, { hint: `give one with ${nameOption}` });
}
