import type { HttpResponse } from "./http.ts";
import { type Purpose, protocolFailure } from "./registry-error.ts";

/**
 * Where a list goes on, undefined at its end.
 * Source: https://www.rfc-editor.org/rfc/rfc5988#section-5
 * @param what the list for errors
 * @throws IMAGE_REGISTRY_PROTOCOL for a list that goes on at another host
 */
export function nextPage(
  response: HttpResponse,
  { url, purpose, what }: { url: URL; purpose: Purpose; what: string },
): URL | undefined {
  const next = /<([^>]+)>\s*;\s*rel="?next"?/.exec(response.header("link") ?? "")?.[1];
  if (next === undefined || !URL.canParse(next, url.href)) return undefined;
  const following = new URL(next, url);
  if (following.origin === url.origin) return following;
  throw protocolFailure(purpose, `its list of ${what} goes on at another host`);
}
