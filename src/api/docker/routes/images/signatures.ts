import { dockerApi } from "../../../../specs/index.ts";
import { json, noContent } from "../../answer.ts";
import { accessOf, accessOfBody, placeOf } from "./remote.ts";
import type { ImagesHandler } from "./routes.ts";

/** A place, what opens it, and one signature. */
const MAX_SIGN_BODY_BYTES = 512 * 1024;

/** GET /tug/images/signatures: what lies beside an image, of a form or all, which nobody has verified. */
export const signaturesOfImage: ImagesHandler = async (images, request) => {
  const form = request.query.oneOf("form", dockerApi.signatureForms);
  const access = { ...accessOf(request), form };
  const { digest, names, signatures } = await images.remote.signatures(
    placeOf(request),
    access,
    request.signal,
  );
  const answer: dockerApi.SignedImage = {
    Digest: digest,
    Names: names,
    Signatures: signatures.map(({ payload, signature }) => ({
      Payload: Buffer.from(payload).toString("base64"),
      Signature: signature,
    })),
  };
  return json(answer);
};

/** POST /tug/images/sign: puts a signature beside an image. */
export const signImage: ImagesHandler = async (images, request) => {
  const { Place, Signature, Access } = dockerApi.parseSignBody(await request.body.json(MAX_SIGN_BODY_BYTES));
  const payload = new Uint8Array(Buffer.from(Signature.Payload, "base64"));
  const signature = { payload, signature: Signature.Signature };
  await images.remote.sign(Place, { signature, access: accessOfBody(Access) }, request.signal);
  return noContent;
};
