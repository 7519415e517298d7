export { formOf, type ImageSignature, maxSignatures, type SignatureForm } from "./image-signature.ts";
export { type Claim, formatPayload, maxPayload, parsePayload } from "./payload.ts";
export { decodeBase64, maxKeyFile } from "./pem.ts";
export { type KeyFiles, makeKeyFiles, type PrivateKey, readPrivateKey } from "./private-key.ts";
export { type PublicKey, readPublicKey } from "./public-key.ts";
export { gpgSigner, keySigner, maxGpgKeys, type Signer, unverifiedClaim } from "./signer.ts";
export { readBundle } from "./statement.ts";
export {
  type GoodSignature,
  judgeSignatures,
  type Verdict,
  verifySignatures,
  type Wanted,
} from "./verify.ts";
