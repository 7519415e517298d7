import type { Credentials } from "../../credentials/index.ts";
import { imageError } from "../errors.ts";
import { readBody } from "./body.ts";
import type { Challenge } from "./challenge.ts";
import { isLoopback } from "./endpoint.ts";
import type { HttpClient, HttpRequest } from "./http.ts";
import { type Purpose, protocolFailure, statusFailure } from "./registry-error.ts";

export type TokenRequest = {
  http: HttpClient;
  challenge: Challenge;
  /** Asked for besides the scope of the challenge. */
  scopes: readonly string[];
  credentials: Credentials | undefined;
  /** Origin of the registry that sent the challenge. */
  origin: URL;
  /** Also ask for a token that lasts and gets others: an identity token. */
  lasting?: boolean;
  purpose: Purpose;
  now: () => number;
  signal?: AbortSignal | undefined;
};

/** A token and when it stops to be of use, in milliseconds since the epoch. */
export type Token = { value: string; expires: number; identityToken: string | undefined };

const defaultLife = 60;

/**
 * Gets a token from the server that a registry's Bearer challenge names.
 *
 * Source: https://distribution.github.io/distribution/spec/auth/token/ and, for identity tokens, .../oauth/
 * @throws IMAGE_REGISTRY_UNAUTHORIZED, IMAGE_REGISTRY_PROTOCOL and whatever the transport throws
 */
export async function fetchToken(request: TokenRequest): Promise<Token> {
  const { http, purpose, now, signal } = request;
  const asked = now();
  const response = await http.send({ ...tokenMessage(request), signal });
  if (response.status !== 200)
    throw await statusFailure({ ...purpose, registry: response.url.host }, response, asked);
  const body = await readBody(response, 1024 * 1024, `the token for ${purpose.object}`);
  const { token, lifetime, identityToken } = parseToken(body);
  if (token === undefined) throw protocolFailure(purpose, `${response.url.host} answered without a token`);
  return { value: token, expires: asked + lifetime * 1000, identityToken };
}

function tokenMessage(request: TokenRequest): HttpRequest {
  const { challenge, credentials, purpose } = request;
  const realm = realmOf(request);
  const service = challenge.parameters.service;
  const scopes = joinScopes([...(challenge.parameters.scope?.split(" ") ?? []), ...request.scopes]);
  if (credentials !== undefined && "identityToken" in credentials) {
    const form = new URLSearchParams({
      grant_type: "refresh_token",
      service: service ?? purpose.registry,
      client_id: "tug",
      scope: scopes.join(" "),
      refresh_token: credentials.identityToken,
    });
    const headers = { "content-type": "application/x-www-form-urlencoded" };
    return { method: "POST", url: realm, headers, body: form.toString() };
  }
  if (service !== undefined) realm.searchParams.set("service", service);
  for (const scope of scopes) realm.searchParams.append("scope", scope);
  if (credentials === undefined || !("username" in credentials))
    return { method: "GET", url: realm, headers: {} };
  realm.searchParams.set("account", credentials.username);
  if (request.lasting) {
    realm.searchParams.set("client_id", "tug");
    realm.searchParams.set("offline_token", "true");
  }
  return { method: "GET", url: realm, headers: { authorization: basicAuthorization(credentials) } };
}

/** Each resource once, with every action that is asked for it: `repository:a/b:pull,push`. */
function joinScopes(scopes: readonly string[]): string[] {
  const actions = new Map<string, Set<string>>();
  for (const scope of scopes.filter(Boolean)) {
    const colon = scope.lastIndexOf(":");
    const known = actions.get(scope.slice(0, colon)) ?? new Set();
    for (const action of scope.slice(colon + 1).split(",")) known.add(action);
    actions.set(scope.slice(0, colon), known);
  }
  return [...actions].map(([resource, names]) => `${resource}:${[...names].join(",")}`);
}

/** The address of the token server; passwords go nowhere without encryption, except from loopback to loopback. */
function realmOf({ challenge, origin, purpose }: TokenRequest): URL {
  const realm = challenge.parameters.realm ?? "";
  if (!URL.canParse(realm)) throw protocolFailure(purpose, "it names no token server");
  const url = new URL(realm);
  const isSafe = url.protocol === "https:" || (origin.protocol === "http:" && isLoopback(url.host));
  if (isSafe) return url;
  throw imageError(
    "REGISTRY_PROTOCOL",
    `cannot ${purpose.verb} ${purpose.object}: registry ${purpose.registry} names the token server ${url.origin}, which is not https`,
  );
}

/** The value of an Authorization header. */
export function basicAuthorization({ username, password }: { username: string; password: string }): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
}

function parseToken(body: Buffer) {
  let answer: Record<string, unknown>;
  try {
    answer = Object(JSON.parse(body.toString())) as Record<string, unknown>;
  } catch {
    return { token: undefined, lifetime: 0, identityToken: undefined };
  }
  const lifetime = answer.expires_in;
  return {
    token: printable(answer.access_token ?? answer.token),
    identityToken: printable(answer.refresh_token),
    lifetime: typeof lifetime === "number" && lifetime > 0 ? lifetime : defaultLife,
  };
}

function printable(token: unknown): string | undefined {
  return typeof token === "string" && /^[\x21-\x7e]+$/.test(token) ? token : undefined;
}
