import { dockerApiError } from "./errors.ts";

/** The minor number of an API version 1.N: 24 for "1.24". The major number has been 1 since the beginning. */
export type ApiVersion = number;

/** The oldest version whose clients are served. */
export const OLDEST_API_VERSION: ApiVersion = 24;

/** The version that requests without a prefix get. */
export const NEWEST_API_VERSION: ApiVersion = 55;

/** "1.44" for 44. */
export function formatApiVersion(version: ApiVersion): string {
  return `1.${version}`;
}

/**
 * The version of a text such as "1.44".
 *
 * @throws DOCKER_API_VERSION in the words that Docker uses, because clients show them and some look for them
 */
export function parseApiVersion(text: string): ApiVersion {
  const match = /^(\d{1,4})\.(\d{1,4})$/.exec(text);
  if (match === null)
    throw dockerApiError("VERSION", `cannot read API version "${text}": it must look like 1.44`);
  const [major, minor] = [Number(match[1]), Number(match[2])];
  if (major < 1 || (major === 1 && minor < OLDEST_API_VERSION)) {
    const oldest = formatApiVersion(OLDEST_API_VERSION);
    throw dockerApiError(
      "VERSION",
      `client version ${text} is too old. Minimum supported API version is ${oldest}, please upgrade your client to a newer version`,
    );
  }
  if (major > 1 || minor > NEWEST_API_VERSION) {
    const newest = formatApiVersion(NEWEST_API_VERSION);
    throw dockerApiError(
      "VERSION",
      `client version ${text} is too new. Maximum supported API version is ${newest}`,
    );
  }
  return minor;
}
