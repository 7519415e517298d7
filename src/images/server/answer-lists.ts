import type { ServerResponse } from "node:http";
import { mediaTypes } from "../../specs/index.ts";
import { unknownName } from "./answer-manifest.ts";
import { Refusal, sendBytes, unsupportedMethod } from "./answers.ts";
import type { Exchange, ExchangeAbout, RegistryParts } from "./exchange.ts";
import type { Referrer } from "./repositories.ts";

/** So many names are in one answer, however many are asked for. */
const mostNames = 10_000;
/** A list of referrers is cut behind so many bytes, because clients read it as a manifest. */
const mostBytes = 3 * 1024 * 1024;

/** Tags of a repository: end-8 of the specification. */
export async function answerTags(
  { mirror, repositories }: RegistryParts,
  exchange: ExchangeAbout<"tags">,
): Promise<void> {
  const { name, repository } = exchange.target;
  checkReading(exchange);
  const known = repositories.exists(repository) ? repositories.tags(repository) : undefined;
  const tags = mirror === undefined ? known : await mirror.tags(repository, exchange.signal);
  if (tags === undefined) throw unknownName();
  const { page, link } = pageOf(tags, exchange, `/v2/${name}/tags/list`);
  sendJson(exchange, { name, tags: page }, { "content-type": "application/json", ...link });
}

/** All repositories, as Docker's registry lists them. */
export async function answerCatalog(
  { name, repositories }: RegistryParts,
  exchange: Exchange,
): Promise<void> {
  checkReading(exchange);
  const names = repositories.list(`${name}/`).map((each) => each.slice(name.length + 1));
  const { page, link } = pageOf(names, exchange, "/v2/_catalog");
  sendJson(exchange, { repositories: page }, { "content-type": "application/json", ...link });
}

/** What is about a manifest: end-12 of the specification. One that is not there has no referrers. */
export async function answerReferrers(
  { mirror, repositories }: RegistryParts,
  exchange: ExchangeAbout<"referrers">,
): Promise<void> {
  const { name, repository, digest } = exchange.target;
  checkReading(exchange);
  if (mirror !== undefined) throw new Refusal(404, "UNSUPPORTED", "a mirror does not know all referrers");
  const type = exchange.query.get("artifactType");
  const last = exchange.query.get("last") ?? "";
  const all = (await repositories.referrers(repository, digest)).filter((each) => each.digest > last);
  const fitting = type === null ? all : all.filter(({ artifactType }) => artifactType === type);
  const manifests = firstOf(fitting);
  const next = new URLSearchParams({
    last: manifests.at(-1)?.digest ?? "",
    ...(type !== null && { artifactType: type }),
  });
  sendJson(
    exchange,
    { schemaVersion: 2, mediaType: mediaTypes.index, manifests },
    {
      "content-type": mediaTypes.index,
      ...(type !== null && { "oci-filters-applied": "artifactType" }),
      ...(manifests.length < fitting.length && {
        link: `</v2/${name}/referrers/${digest}?${next}>; rel="next"`,
      }),
    },
  );
}

/** As many as one answer takes, and one at least. */
function firstOf(referrers: readonly Referrer[]): Referrer[] {
  let bytes = 0;
  const end = referrers.findIndex((each, index) => {
    bytes += JSON.stringify(each).length;
    return index > 0 && bytes > mostBytes;
  });
  return end < 0 ? [...referrers] : referrers.slice(0, end);
}

/** The names behind `last`, as many as `n` says. */
function pageOf(names: readonly string[], { query }: Exchange, path: string) {
  const last = query.get("last") ?? "";
  const n = query.get("n");
  if (n !== null && !/^\d{1,9}$/.test(n)) throw new Refusal(400, "UNSUPPORTED", "n is no number");
  const count = Math.min(n === null ? mostNames : Number(n), mostNames);
  const rest = names.filter((name) => name > last);
  const page = rest.slice(0, count);
  const next = new URLSearchParams({ n: String(count), last: page.at(-1) ?? "" });
  const link = page.length > 0 && page.length < rest.length ? { link: `<${path}?${next}>; rel="next"` } : {};
  return { page, link };
}

function sendJson(exchange: Exchange, body: unknown, headers: Readonly<Record<string, string>>): void {
  const isHead = exchange.method === "HEAD";
  sendBytes(exchange.response, { data: Buffer.from(JSON.stringify(body)), headers, isHead });
}

function checkReading({ method }: { method: string; response: ServerResponse }): void {
  if (method !== "GET" && method !== "HEAD") throw unsupportedMethod(method);
}
