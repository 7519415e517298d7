import type { IncomingMessage, ServerResponse } from "node:http";
import { type ErrorKind, isFullDisk, messageOf, TugError } from "../../base/index.ts";
import { answerBlob } from "./answer-blob.ts";
import { answerCatalog, answerReferrers, answerTags } from "./answer-lists.ts";
import { answerManifest } from "./answer-manifest.ts";
import { answerUpload, answerUploads } from "./answer-upload.ts";
import { Refusal, sendEmpty, sendRefusal } from "./answers.ts";
import type { Exchange, RegistryParts } from "./exchange.ts";
import { readTarget } from "./path.ts";
import type { Users } from "./users.ts";

/** Who may do what. */
export type Access = { readonly users: Users | undefined; readonly readOnly: boolean };

/** How a request ended. `reason` is set where it failed. */
export type Outcome = { readonly user: string | undefined; readonly reason: string | undefined };

/** Bytes of a refused body that are read. */
const mostDropped = 16 * 1024 * 1024;

type Arrived = {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly signal: AbortSignal;
};

/** Answers requests to a registry. What it gives never throws. */
export function answerRequest(parts: RegistryParts, access: Access): (arrived: Arrived) => Promise<Outcome> {
  return async (arrived) => {
    let user: string | undefined;
    try {
      arrived.response.setHeader("docker-distribution-api-version", "registry/2.0");
      arrived.response.setHeader("x-content-type-options", "nosniff");
      user = await access.users?.identify(arrived.request.headers.authorization);
      await answer(parts, access, arrived);
      return { user, reason: undefined };
    } catch (error) {
      fail(arrived, error);
      return { user, reason: arrived.signal.aborted ? "the client went away" : messageOf(error) };
    }
  };
}

async function answer(
  parts: RegistryParts,
  access: Access,
  { request, response, signal }: Arrived,
): Promise<void> {
  const { method = "GET" } = request;
  // Only path and query count: //host/path must not become a host.
  const [path = "", search = ""] = splitOnce(request.url ?? "/", "?");
  const target = readTarget(path, parts.name);
  const query = new URLSearchParams(search);
  const namespace = query.get("ns");
  if (parts.mirror !== undefined && namespace !== null) {
    if (namespace !== parts.name) throw new Refusal(404, "NAME_UNKNOWN", `this is a mirror of ${parts.name}`);
    response.setHeader("oci-namespace", namespace);
  }
  if (access.readOnly && method !== "GET" && method !== "HEAD") {
    throw new Refusal(405, "UNSUPPORTED", "the registry is read-only");
  }
  const exchange = { method, query, request, response, signal };
  await dispatch(parts, { ...exchange, target });
}

async function dispatch(parts: RegistryParts, exchange: Exchange): Promise<void> {
  const { target, ...rest } = exchange;
  switch (target.kind) {
    case "base":
      return sendEmpty(rest.response, 200, { "content-type": "application/json" });
    case "catalog":
      return answerCatalog(parts, exchange);
    case "tags":
      return await answerTags(parts, { ...rest, target });
    case "manifest":
      return await answerManifest(parts, { ...rest, target });
    case "blob":
      return await answerBlob(parts, { ...rest, target });
    case "referrers":
      return await answerReferrers(parts, { ...rest, target });
    case "uploads":
      return await answerUploads(parts, { ...rest, target });
    case "upload":
      return await answerUpload(parts, { ...rest, target });
    default:
      return target satisfies never;
  }
}

/** Reports a failure if nothing has gone out yet; else cuts the connection, so that half an answer is seen as one. */
function fail({ request, response }: Arrived, error: unknown): void {
  if (response.destroyed) return;
  if (response.headersSent) return void response.destroy();
  const refusal = refusalOf(error);
  if (!request.complete) {
    response.setHeader("connection", "close");
    dropBody(request);
  }
  sendRefusal(response, refusal, request.method === "HEAD");
}

/** Reads on for a while what nobody wants, so that the client gets to reading the answer. */
function dropBody(request: IncomingMessage): void {
  let size = 0;
  request.on("data", (chunk: Buffer) => {
    size += chunk.length;
    if (size > mostDropped) request.destroy();
  });
  request.resume();
}

function refusalOf(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  if (isFullDisk(error)) return new Refusal(507, "UNAVAILABLE", "the disk of the registry is full");
  if (!(error instanceof TugError)) return new Refusal(500, "INTERNAL", "the registry failed");
  if (["notFound", "unauthorized", "forbidden"].includes(error.kind)) {
    return new Refusal(404, "BLOB_UNKNOWN", "it is not here any more, or not to be had");
  }
  return elsewhere.includes(error.kind)
    ? new Refusal(502, "UNAVAILABLE", "the registry that this one mirrors fails")
    : new Refusal(500, "INTERNAL", "the registry failed");
}

/** Failures of a registry that is mirrored. */
const elsewhere: readonly ErrorKind[] = ["unavailable", "timeout", "exhausted", "dataLoss"];

function splitOnce(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + 1)];
}
