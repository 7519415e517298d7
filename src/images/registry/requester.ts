import type { Authorizer } from "./authorizer.ts";
import type { HttpBody, HttpClient, HttpRequest, HttpResponse } from "./http.ts";
import { type Purpose, statusFailure, transportFailure } from "./registry-error.ts";
import { type Delay, isTransientStatus, waitBefore } from "./retry.ts";

/** Everything that requests about one repository share. */
export type Channel = {
  http: HttpClient;
  authorizer: Authorizer;
  /** The registry; nobody else gets to see an Authorization header. */
  origin: URL;
  purpose: Purpose;
  now: () => number;
  delay: Delay;
  /** Sent along with every request to the registry's own address. */
  headers: Readonly<Record<string, string>>;
};

export type ChannelRequest = {
  method: HttpRequest["method"];
  url: URL;
  headers?: Readonly<Record<string, string>>;
  body?: HttpBody | undefined;
  signal?: AbortSignal | undefined;
};

/** `accept`: statuses to return; all others are errors. */
export type RegistryRequest = ChannelRequest & { accept: readonly number[] };

/**
 * Sends requests with authorization and attempts. `use` gets only answers with an accepted status, and belongs to the
 * attempt: when the connection breaks while it reads, everything is tried again.
 */
export type Requester = <T>(
  request: RegistryRequest,
  use: (response: HttpResponse) => T | Promise<T>,
) => Promise<T>;

export function createRequester(channel: Channel): Requester {
  const { purpose, now, delay } = channel;
  return async (request, use) => {
    const { signal } = request;
    for (let attempt = 1; ; attempt += 1) {
      signal?.throwIfAborted();
      try {
        const response = await sendAuthorized(channel, request);
        if (request.accept.includes(response.status)) return await use(response);
        const retryAfter = response.header("retry-after");
        const wait = isTransientStatus(response.status)
          ? waitBefore(attempt, { retryAfter, now: now() })
          : undefined;
        if (wait === undefined) throw await statusFailure(purpose, response, now());
        response.body.destroy();
        await delay(wait, signal);
      } catch (error) {
        signal?.throwIfAborted();
        const wait = waitBefore(attempt, { error });
        if (wait === undefined) throw transportFailure(purpose, error);
        await delay(wait, signal);
      }
    }
  };
}

/**
 * One attempt: with the header that served before, then with one that answers the challenge.
 * @throws what the transport throws, as it is
 */
export async function sendAuthorized(channel: Channel, request: ChannelRequest): Promise<HttpResponse> {
  const { http, authorizer, origin, purpose } = channel;
  const { method, url, body, signal } = request;
  const isOurs = url.origin === origin.origin;
  const send = (authorization: string | undefined) => {
    const headers = {
      ...(isOurs && channel.headers),
      "accept-encoding": "identity",
      ...(method === "POST" && body === undefined && { "content-length": "0" }),
      ...request.headers,
      ...(authorization !== undefined && { authorization }),
    };
    return http.send({ method, url, headers, body, signal });
  };
  const known = isOurs ? authorizer.current() : undefined;
  const response = await send(known);
  // A challenge from where a redirect led is not the registry's: answering it would give credentials away.
  if (response.status !== 401 || !isOurs || response.url.origin !== url.origin) return response;
  const answer = await authorizer.answer(response.header("www-authenticate"), known, { purpose, signal });
  if (answer === undefined) return response;
  response.body.destroy();
  return await send(answer);
}
