import { TugError } from "../../base/index.ts";
import type { Credentials } from "../../credentials/index.ts";
import { imageError } from "../errors.ts";
import { parseChallenges } from "./challenge.ts";
import type { HttpResponse } from "./http.ts";
import { protocolFailure, statusFailure, transportFailure } from "./registry-error.ts";
import type { Channel } from "./requester.ts";
import { basicAuthorization, fetchToken, type Token } from "./token.ts";

/** A token to keep in the place of a password, where the registry gives one. */
export type LoggedIn = { readonly identityToken: string | undefined };

export type LogIn = {
  channel: Channel;
  /** The registry's own address: `https://registry.example/v2/`. */
  api: URL;
  credentials: Credentials;
  signal: AbortSignal | undefined;
};

/**
 * Tries credentials out on a registry, in the way that it asks for. A registry that asks for none accepts any.
 *
 * Source: https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#determining-support, and as token.ts
 * @throws IMAGE_REGISTRY_UNAUTHORIZED and the other IMAGE_REGISTRY errors
 */
export async function logIn(request: LogIn): Promise<LoggedIn> {
  const { purpose, now } = request.channel;
  try {
    const first = await ask(request);
    if (first.status === 200) return accepted(first, undefined);
    if (first.status === 404) throw protocolFailure(purpose, "it has no /v2/, so it is no registry");
    if (first.status !== 401) throw await statusFailure(purpose, first, now());
    first.body.destroy();
    const { header, token } = await answer(request, first.header("www-authenticate") ?? "");
    const second = await ask(request, header);
    if (second.status !== 200) throw await statusFailure(purpose, second, now());
    return accepted(second, token);
  } catch (error) {
    request.signal?.throwIfAborted();
    throw withHint(transportFailure(purpose, error));
  }
}

function ask({ channel, api, signal }: LogIn, authorization?: string): Promise<HttpResponse> {
  const headers = { ...channel.headers, ...(authorization !== undefined && { authorization }) };
  return channel.http.send({ method: "GET", url: api, headers, signal });
}

async function answer(request: LogIn, header: string): Promise<{ header: string; token: Token | undefined }> {
  const { channel, credentials, signal } = request;
  const { http, origin, purpose, now } = channel;
  if ("registryToken" in credentials)
    return { header: `Bearer ${credentials.registryToken}`, token: undefined };
  const challenges = parseChallenges(header);
  const bearer = challenges.find(({ scheme }) => scheme === "bearer");
  if (bearer !== undefined) {
    const wanted = { http, challenge: bearer, scopes: [], credentials, origin, lasting: true };
    const token = await fetchToken({ ...wanted, purpose, now, signal });
    return { header: `Bearer ${token.value}`, token };
  }
  if (challenges.some(({ scheme }) => scheme === "basic") && "username" in credentials) {
    return { header: basicAuthorization(credentials), token: undefined };
  }
  throw protocolFailure(purpose, "it asks for another kind of credentials");
}

function accepted(response: HttpResponse, token: Token | undefined): LoggedIn {
  response.body.destroy();
  return { identityToken: token?.identityToken };
}

/** Here a refusal means one thing, whether the registry or its token server says it. */
function withHint(error: unknown): unknown {
  if (!(error instanceof TugError) || error.code !== "IMAGE_REGISTRY_UNAUTHORIZED") return error;
  const hint = "check the user's name and the password";
  return imageError("REGISTRY_UNAUTHORIZED", error.message, { hint, details: error.details });
}
