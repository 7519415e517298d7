import { memberReader } from "../base/index.ts";
import { endpointError } from "./errors.ts";

/** A named engine, as Docker's client keeps it. */
export type Context = {
  readonly name: string;
  readonly description: string;
  /** Address of the engine; undefined where the context has none of Docker's kind. */
  readonly host: string | undefined;
  /** Any certificate is believed. */
  readonly skipTlsVerify: boolean;
};

/** The context that is always there: the engine of this machine. */
export const DEFAULT_CONTEXT = "default";

/** More than any context has, in bytes. */
export const MAX_META = 256 * 1024;

const { object: asObject, member: memberOf } = memberReader(unusable);

/**
 * Checks a name that somebody chose.
 *
 * Source: https://github.com/docker/cli/blob/v28.5.1/cli/context/store/store.go, `restrictedNamePattern`
 * @throws ENDPOINT_CONTEXT
 */
export function checkName(name: string): string {
  if (/^[a-zA-Z0-9][a-zA-Z0-9_.+-]{1,250}$/.test(name)) return name;
  throw endpointError(
    "CONTEXT",
    `cannot use ${JSON.stringify(name.slice(0, 300))} as a context: it is no name`,
    {
      hint: "names have two or more letters, digits and _.+-, and begin with a letter or digit",
    },
  );
}

/**
 * Reads what Docker's client writes to meta.json.
 *
 * Source: https://github.com/docker/cli/blob/v28.5.1/cli/context/store/metadatastore.go
 * @param place of the file, for errors
 * @throws ENDPOINT_CONTEXT with the JSON pointer of what is wrong
 */
export function parseContext(json: string, place: string): Context {
  const members = asObject(parseJson(json, place), place);
  const name = members.Name;
  if (typeof name !== "string" || name === "") throw unusable(`${place}#/Name`, "it is no text");
  const about = memberOf(members, "Metadata", place);
  const endpoints = memberOf(members, "Endpoints", place);
  const endpoint = memberOf(endpoints, "docker", `${place}#/Endpoints`);
  const { Host, SkipTLSVerify } = endpoint;
  if (Host !== undefined && typeof Host !== "string")
    throw unusable(`${place}#/Endpoints/docker/Host`, "it is no text");
  return {
    name,
    description: typeof about.Description === "string" ? about.Description : "",
    host: Host || undefined,
    skipTlsVerify: SkipTLSVerify === true,
  };
}

/** What Docker's client reads from meta.json. */
export function formatContext({ name, description, host, skipTlsVerify }: Context): string {
  return JSON.stringify({
    Name: name,
    Metadata: description === "" ? {} : { Description: description },
    Endpoints: { docker: { Host: host, SkipTLSVerify: skipTlsVerify } },
  });
}

/** What is wrong with a file. */
export function unusable(place: string, reason: string) {
  return endpointError("CONTEXT", `cannot use ${place}: ${reason}`, {
    hint: "remove the context, or repair the file",
  });
}

function parseJson(text: string, place: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw unusable(place, "it is not JSON");
  }
}
