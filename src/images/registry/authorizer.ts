import type { CredentialSource, Credentials } from "../../credentials/index.ts";
import { type Challenge, parseChallenges } from "./challenge.ts";
import type { HttpClient } from "./http.ts";
import type { Purpose } from "./registry-error.ts";
import { basicAuthorization, fetchToken, type Token } from "./token.ts";

/** Everything that stays the same for one repository of one registry. */
export type AuthorizerOptions = {
  http: HttpClient;
  origin: URL;
  /** The repository, or only its registry, as references name it. */
  name: string;
  /** What is asked for, such as `repository:library/debian:pull`. */
  scopes: readonly string[];
  credentials: CredentialSource;
  now: () => number;
};

/** Finds the Authorization header for the requests to one repository. */
export interface Authorizer {
  /** The header that served before, while it is valid. */
  current(): string | undefined;
  /**
   * The header that answers a 401, or undefined when there is none to try: no credentials, or an unknown scheme.
   * Requests that are refused at the same time share one answer.
   *
   * @param refused the header that the refused request carried
   */
  answer(
    header: string | undefined,
    refused: string | undefined,
    request: AnswerRequest,
  ): Promise<string | undefined>;
}

export type AnswerRequest = { purpose: Purpose; signal?: AbortSignal | undefined };

/** Tokens are renewed this long before they expire, in milliseconds. */
const margin = 10_000;

export function createAuthorizer(options: AuthorizerOptions): Authorizer {
  const { credentials: source, name, now } = options;
  let held: { header: string; expires: number } | undefined;
  let pending: Promise<string | undefined> | undefined;
  const current = () => (held !== undefined && held.expires - margin > now() ? held.header : undefined);

  const authenticate = async (challenges: Challenge[], request: AnswerRequest) => {
    const found = await source(name, request.signal);
    // Whoever says that it is nobody brings no credentials, and is not given those of others.
    const credentials = found && "username" in found && found.username === "" ? undefined : found;
    held = await respond(options, { challenges, credentials, ...request });
    return held?.header;
  };

  return {
    current,
    async answer(header, refused, request) {
      const valid = current();
      if (valid !== undefined && valid !== refused) return valid;
      // A flight may be given up by whoever began it; the next one then starts its own.
      while (pending !== undefined) {
        const shared = await pending.catch(() => undefined);
        if (shared !== undefined) return shared;
      }
      const flight = authenticate(parseChallenges(header ?? ""), request);
      pending = flight;
      try {
        return await flight;
      } finally {
        if (pending === flight) pending = undefined;
      }
    },
  };
}

type Respond = AnswerRequest & { challenges: Challenge[]; credentials: Credentials | undefined };

async function respond(
  { http, origin, scopes, now }: AuthorizerOptions,
  { challenges, credentials, purpose, signal }: Respond,
): Promise<{ header: string; expires: number } | undefined> {
  const forever = Number.POSITIVE_INFINITY;
  if (credentials !== undefined && "registryToken" in credentials) {
    return { header: `Bearer ${credentials.registryToken}`, expires: forever };
  }
  const bearer = challenges.find((each) => each.scheme === "bearer");
  if (bearer !== undefined) {
    const request = { http, challenge: bearer, scopes, credentials, origin, purpose, now, signal };
    const token: Token = await fetchToken(request);
    return { header: `Bearer ${token.value}`, expires: token.expires };
  }
  const basic = challenges.some((each) => each.scheme === "basic");
  if (!basic || credentials === undefined || !("username" in credentials)) return undefined;
  return { header: basicAuthorization(credentials), expires: forever };
}
