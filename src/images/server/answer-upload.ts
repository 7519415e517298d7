import { type Digest, isDigest, TugError } from "../../base/index.ts";
import { bodyOf, Refusal, sendEmpty, unsupportedMethod } from "./answers.ts";
import type { Exchange, ExchangeAbout, RegistryParts } from "./exchange.ts";
import { blobLease } from "./hosted-leases.ts";
import { readDigest, readRepository } from "./path.ts";
import { readContentRange } from "./range.ts";
import type { Upload } from "./uploads.ts";

/** The largest blob that is taken. */
const maxBlobSize = 256 * 1024 ** 3;

/** The beginning of an upload, a whole one, or one that another repository makes needless: end-4 and end-11. */
export async function answerUploads(parts: RegistryParts, exchange: ExchangeAbout<"uploads">): Promise<void> {
  const { method, query, response, target } = exchange;
  if (method !== "POST") throw unsupportedMethod(method);
  if (await mount(parts, exchange)) return;
  const digest = query.has("digest") ? readDigest(query.get("digest")) : undefined;
  const algorithm = query.get("digest-algorithm") ?? "sha256";
  if (!["sha256", "sha512"].includes(algorithm)) {
    throw new Refusal(400, "DIGEST_INVALID", "the algorithm is neither sha256 nor sha512");
  }
  const upload = await parts.uploads.begin(target.repository);
  if (digest === undefined) return sendProgress(exchange, upload, 202);
  await parts.uploads.use(target.repository, upload.id, async () => {
    try {
      await upload.ingest.expect({ digest });
      await takeBytes(parts, exchange, upload);
      await finish(parts, exchange, { upload, digest });
    } finally {
      await parts.uploads.end(upload);
    }
  });
  sendStored(response, target.name, digest);
}

/** What follows the beginning of an upload: end-5, end-6, end-13 and end-14. */
export async function answerUpload(parts: RegistryParts, exchange: ExchangeAbout<"upload">): Promise<void> {
  const { method, query, response, target } = exchange;
  await parts.uploads.use(target.repository, target.id, async (upload) => {
    if (method === "GET" || method === "HEAD") return sendProgress(exchange, upload, 204);
    if (method === "DELETE") {
      await parts.uploads.end(upload);
      return sendEmpty(response, 204);
    }
    if (method === "PATCH") {
      await takeBytes(parts, exchange, upload);
      return sendProgress(exchange, upload, 202);
    }
    if (method !== "PUT") throw unsupportedMethod(method);
    const digest = readDigest(query.get("digest"));
    await takeBytes(parts, exchange, upload);
    try {
      await finish(parts, exchange, { upload, digest });
    } finally {
      await parts.uploads.end(upload);
    }
    sendStored(response, target.name, digest);
  });
}

/** Takes a blob over from another repository of the registry, if it can be found; tells whether. */
async function mount(parts: RegistryParts, exchange: ExchangeAbout<"uploads">): Promise<boolean> {
  const { leases, registry, repositories } = parts;
  const { query, response, target } = exchange;
  const digest = query.get("mount");
  if (digest === null || !isDigest(digest)) return false;
  const from = query.get("from");
  const source =
    from === null ? registry.repositoryWithBlob(`${parts.name}/`, digest) : readRepository(from, parts.name);
  if (source === undefined) return false;
  using lease = leases.temporary();
  await lease.retain({ kind: "blob", resource: digest });
  if ((await repositories.blob(source, digest)) === undefined) return false;
  await keepBlob(parts, target.repository, digest);
  sendStored(response, target.name, digest);
  return true;
}

/** Adds the body of a request to an upload. What came before the client went away stays. */
async function takeBytes(parts: RegistryParts, { request }: Exchange, upload: Upload): Promise<void> {
  const range = readContentRange(request.headers["content-range"]);
  const length = request.headers["content-length"];
  if (range === "malformed") throw new Refusal(400, "BLOB_UPLOAD_INVALID", "the Content-Range is malformed");
  if (range !== undefined && range.first !== upload.size) {
    throw new Refusal(416, "BLOB_UPLOAD_INVALID", `the next byte is number ${upload.size}`, {
      range: rangeOf(upload),
      location: locationOf(request.url ?? ""),
    });
  }
  const most = range === undefined ? maxBlobSize - upload.size : range.last - range.first + 1;
  const tooLong = () =>
    new Refusal(413, "SIZE_INVALID", "more bytes than announced, or than a blob may have");
  if (length !== undefined && (range === undefined ? Number(length) > most : Number(length) !== most)) {
    throw range === undefined
      ? tooLong()
      : new Refusal(400, "SIZE_INVALID", "the Content-Range is not of that length");
  }
  const end = upload.size + most;
  for await (const chunk of bodyOf(request)) {
    if (upload.size + chunk.length > end) throw tooLong();
    try {
      await upload.ingest.write(chunk);
    } catch (error) {
      // A store that has no room keeps nothing of the upload.
      await parts.uploads.end(upload);
      throw error;
    }
    upload.size += chunk.length;
  }
}

type Finished = { upload: Upload; digest: Digest };

/** Puts the bytes of an upload into the store and the repository. */
async function finish(parts: RegistryParts, exchange: Exchange, { upload, digest }: Finished): Promise<void> {
  using lease = parts.leases.temporary();
  await lease.retain({ kind: "blob", resource: digest });
  try {
    await upload.ingest.expect({ digest });
    exchange.signal.throwIfAborted();
    await upload.ingest.commit();
  } catch (error) {
    if (!(error instanceof TugError) || error.code !== "IMAGE_CONTENT_DIGEST") throw error;
    throw new Refusal(400, "DIGEST_INVALID", "the bytes that arrived have another digest");
  }
  await keepBlob(parts, upload.repository, digest);
}

async function keepBlob({ registry, leases, now }: RegistryParts, repository: string, digest: Digest) {
  registry.putBlob({ repository, digest, pushed: now() });
  await blobLease(leases, repository, digest).retain({ kind: "blob", resource: digest });
}

function sendProgress({ response, target }: Exchange, upload: Upload, status: 202 | 204): void {
  const name = "name" in target ? target.name : "";
  sendEmpty(response, status, {
    location: `/v2/${name}/blobs/uploads/${upload.id}`,
    range: rangeOf(upload),
    "docker-upload-uuid": upload.id,
  });
}

/** An upload without bytes is told from one with a byte by nobody; the form knows no other way to say it. */
function rangeOf({ size }: Upload): string {
  return `0-${Math.max(size - 1, 0)}`;
}

function locationOf(url: string): string {
  return url.split("?")[0] ?? "";
}

function sendStored(response: Exchange["response"], name: string, digest: Digest): void {
  sendEmpty(response, 201, { location: `/v2/${name}/blobs/${digest}`, "docker-content-digest": digest });
}
