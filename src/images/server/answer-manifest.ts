import { createHash } from "node:crypto";
import { type Digest, isDigest, splitDigest, TugError } from "../../base/index.ts";
import { maxManifestSize } from "../../specs/index.ts";
import { bodyOf, Refusal, sendBytes, sendEmpty, unsupportedMethod } from "./answers.ts";
import { type KnownDocument, type Member, parseKnown } from "./documents.ts";
import type { ExchangeAbout, RegistryParts } from "./exchange.ts";
import { isTag, readDigest } from "./path.ts";
import { pushManifest } from "./push-manifest.ts";
import { removeManifest, removeTag } from "./remove-hosted.ts";

/** More tags than these in one request are refused. */
const mostTags = 32;

/** Manifests and indexes by tag or digest: end-3, end-7 and end-9 of the specification. */
export async function answerManifest(
  parts: RegistryParts,
  exchange: ExchangeAbout<"manifest">,
): Promise<void> {
  if (exchange.method === "GET" || exchange.method === "HEAD") return await sendManifest(parts, exchange);
  if (exchange.method === "PUT") return await takeManifest(parts, exchange);
  if (exchange.method !== "DELETE") throw unsupportedMethod(exchange.method);
  const { repository, reference } = exchange.target;
  await parts.alone(repository, () =>
    reference.includes(":")
      ? removeManifest(parts, repository, readDigest(reference))
      : removeTag(parts, repository, reference),
  );
  parts.onGarbage();
  sendEmpty(exchange.response, 202);
}

async function sendManifest(parts: RegistryParts, exchange: ExchangeAbout<"manifest">): Promise<void> {
  const { repository } = exchange.target;
  const found = await findManifest(parts, exchange);
  if (found === undefined || (await parts.content.size(found.digest)) === undefined) {
    if (!parts.repositories.exists(repository)) throw unknownName();
    throw new Refusal(404, "MANIFEST_UNKNOWN", "there is no such manifest");
  }
  const { digest, mediaType } = found;
  const data = await parts.content.load(digest, maxManifestSize);
  const document = parseKnown(data, { digest, mediaType });
  const headers = {
    "content-type": document.mediaType,
    "docker-content-digest": digest,
  };
  sendBytes(exchange.response, { data, headers, isHead: exchange.method === "HEAD" });
}

async function findManifest(
  { mirror, repositories }: RegistryParts,
  { target: { repository, reference }, signal }: ExchangeAbout<"manifest">,
): Promise<Member | undefined> {
  if (isDigest(reference)) {
    return await (mirror?.manifest(repository, reference, signal) ??
      repositories.manifest(repository, reference));
  }
  if (!isTag(reference)) return undefined;
  return await (mirror?.manifest(repository, reference, signal) ??
    repositories.tagged(repository, reference));
}

async function takeManifest(parts: RegistryParts, exchange: ExchangeAbout<"manifest">): Promise<void> {
  const { request, response, target } = exchange;
  const { name, repository, reference } = target;
  const tags = tagsOf(exchange);
  const expected = reference.includes(":") ? readDigest(reference) : undefined;
  const data = await readSmallBody(exchange, maxManifestSize);
  const algorithm = expected === undefined ? "sha256" : splitDigest(expected).algorithm;
  const digest = `${algorithm}:${createHash(algorithm).update(data).digest("hex")}` as Digest;
  if (expected !== undefined && digest !== expected) {
    throw new Refusal(400, "DIGEST_INVALID", `the manifest has the digest ${digest}`);
  }
  const mediaType = (request.headers["content-type"] ?? "").split(";")[0]?.trim().toLowerCase() ?? "";
  const document = readDocument(data, { digest, mediaType });
  await parts.alone(repository, () => pushManifest(parts, { repository, digest, data, document, tags }));
  sendEmpty(response, 201, {
    location: `/v2/${name}/manifests/${reference}`,
    "docker-content-digest": digest,
    ...(document.subject !== undefined && { "oci-subject": document.subject }),
    ...(expected !== undefined && tags.length > 0 && { "oci-tag": tags.join(", ") }),
  });
}

/** Tags to give: that of the path, or those of the query where the path has a digest. */
function tagsOf({ target: { reference }, query }: ExchangeAbout<"manifest">): string[] {
  const tags = reference.includes(":") ? query.getAll("tag") : [reference];
  if (tags.length > mostTags) throw new Refusal(414, "MANIFEST_INVALID", `more than ${mostTags} tags`);
  if (!tags.every(isTag)) throw new Refusal(400, "MANIFEST_INVALID", "the tag has not the form of one");
  return tags;
}

function readDocument(data: Buffer, announced: { digest: Digest; mediaType: string }): KnownDocument {
  try {
    return parseKnown(data, announced);
  } catch (error) {
    if (error instanceof TugError) throw new Refusal(400, "MANIFEST_INVALID", error.message);
    throw error;
  }
}

/** The body of a request whole. @throws Refusal for more bytes than `limit` */
async function readSmallBody({ request }: ExchangeAbout<"manifest">, limit: number): Promise<Buffer> {
  const tooLarge = () => new Refusal(413, "SIZE_INVALID", `a manifest may have ${limit} bytes`);
  if (Number(request.headers["content-length"] ?? 0) > limit) throw tooLarge();
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of bodyOf(request)) {
    size += chunk.length;
    if (size > limit) throw tooLarge();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** The refusal for a repository that is not there. */
export function unknownName(): Refusal {
  return new Refusal(404, "NAME_UNKNOWN", "there is no such repository");
}
