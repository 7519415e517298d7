import * as v from "valibot";
import { type Digest, isDigest } from "../base/index.ts";
import type { ImageSignature } from "./image-signature.ts";
import { decodeBase64 } from "./pem.ts";

/** What a signature of an image is among the statements that can be made about one. */
const predicateType = "https://sigstore.dev/cosign/sign/v1";

const payloadType = "application/vnd.in-toto+json";

/** Where the bytes begin that are signed for an envelope. */
const preamble = `DSSEv1 ${payloadType.length} ${payloadType} `;

const base64 = v.pipe(
  v.string(),
  v.transform(decodeBase64),
  v.check((bytes) => bytes !== undefined),
  v.transform((bytes) => bytes as Uint8Array),
);

/** Members that are not listed, such as certificates and entries of logs, are for readers who go by them. */
const bundle = v.object({
  mediaType: v.pipe(v.string(), v.regex(/^application\/vnd\.dev\.sigstore\.bundle\b/)),
  dsseEnvelope: v.object({
    payload: base64,
    payloadType: v.literal(payloadType),
    signatures: v.pipe(v.array(v.object({ sig: v.string() })), v.length(1)),
  }),
});

const statement = v.object({
  _type: v.literal("https://in-toto.io/Statement/v1"),
  subject: v.pipe(v.array(v.object({ digest: v.record(v.string(), v.string()) })), v.length(1)),
  predicateType: v.literal(predicateType),
});

/**
 * The signature in a bundle as cosign 3 makes it: an envelope around a statement. Undefined for a bundle of anything
 * else.
 *
 * Source: https://github.com/sigstore/protobuf-specs/blob/v0.5.0/protos/sigstore_bundle.proto and
 * https://github.com/secure-systems-lab/dsse/blob/v1.0.2/protocol.md
 */
export function readBundle(data: Uint8Array): ImageSignature | undefined {
  const result = v.safeParse(bundle, parseJson(data));
  if (!result.success) return undefined;
  const { payload, signatures } = result.output.dsseEnvelope;
  const signed = Buffer.concat([Buffer.from(`${preamble}${payload.length} `), payload]);
  return { payload: new Uint8Array(signed), signature: signatures[0]?.sig ?? "" };
}

/** Whether what was signed is an envelope around a statement. */
export function isStatement(signed: Uint8Array): boolean {
  return Buffer.from(signed).subarray(0, preamble.length).equals(Buffer.from(preamble));
}

/** The digest that a statement says is signed; undefined for other statements, of which there are many kinds. */
export function digestOfStatement(signed: Uint8Array): Digest | undefined {
  const rest = Buffer.from(signed).subarray(preamble.length);
  const space = rest.indexOf(" ");
  const payload = rest.subarray(space + 1);
  if (space < 0 || String(payload.length) !== rest.subarray(0, space).toString()) return undefined;
  const result = v.safeParse(statement, parseJson(payload));
  const { sha256 } = result.success ? (result.output.subject[0]?.digest ?? {}) : {};
  const digest = `sha256:${sha256}`;
  return sha256 !== undefined && isDigest(digest) ? digest : undefined;
}

function parseJson(data: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(data));
  } catch {
    return undefined;
  }
}
