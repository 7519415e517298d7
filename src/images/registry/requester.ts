import type { Authorizer } from "./authorizer.ts";
import type { HttpClient, HttpResponse } from "./http.ts";
import { type Purpose, statusFailure, transportFailure } from "./registry-error.ts";
import { type Delay, isTransientStatus, waitBefore } from "./retry.ts";

export type RequesterOptions = {
  http: HttpClient;
  authorizer: Authorizer;
  purpose: Purpose;
  now: () => number;
  delay: Delay;
  userAgent: string;
};

export type RegistryRequest = {
  method: "GET" | "HEAD";
  url: URL;
  headers?: Readonly<Record<string, string>>;
  /** Statuses to return; all others are errors. */
  accept: readonly number[];
  signal?: AbortSignal | undefined;
};

/**
 * Sends requests with authorization and attempts. `use` gets only answers with an accepted status, and belongs to the
 * attempt: when the connection breaks while it reads, everything is tried again.
 */
export type Requester = <T>(
  request: RegistryRequest,
  use: (response: HttpResponse) => T | Promise<T>,
) => Promise<T>;

export function createRequester(options: RequesterOptions): Requester {
  const { purpose, now, delay } = options;
  return async (request, use) => {
    const { signal } = request;
    for (let attempt = 1; ; attempt += 1) {
      signal?.throwIfAborted();
      try {
        const response = await authorized(options, request);
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

/** One attempt: with the header that served before, then with one that answers the challenge. */
async function authorized(options: RequesterOptions, request: RegistryRequest): Promise<HttpResponse> {
  const { http, authorizer, purpose, userAgent } = options;
  const { method, url, signal } = request;
  const send = (authorization: string | undefined) => {
    const headers = {
      "user-agent": userAgent,
      "accept-encoding": "identity",
      ...request.headers,
      ...(authorization !== undefined && { authorization }),
    };
    return http.send({ method, url, headers, signal });
  };
  const known = authorizer.current();
  const response = await send(known);
  // A challenge from where a redirect led is not the registry's: answering it would give credentials away.
  if (response.status !== 401 || response.url.origin !== url.origin) return response;
  const answer = await authorizer.answer(response.header("www-authenticate"), known, { purpose, signal });
  if (answer === undefined) return response;
  response.body.destroy();
  return await send(answer);
}
