import { mkdir, readFile, realpath } from "node:fs/promises";
import { dirname } from "node:path";
import {
  errnoOf,
  findJsonFault,
  jsonPointer,
  type Members,
  memberReader,
  messageOf,
  writeFileAtomic,
} from "../base/index.ts";
import type { Credentials } from "./credentials.ts";
import { credentialsError } from "./errors.ts";

const { object: asObject, member: memberOf } = memberReader(unusable);

/** In longer texts, which nobody writes by hand, the place of a fault is not looked for. Characters. */
const MAX_LOOKED_AT = 1024 * 1024;

/**
 * A file with credentials: Docker's config.json, of which other members are kept as they are, or containers' auth.json.
 * Source: https://github.com/docker/cli/blob/v28.5.1/cli/config/configfile/file.go, and containers-auth.json(5)
 */
export type CredentialFile = {
  /** Where it is, or what it is, for errors. */
  readonly place: string;
  readonly members: Members;
};

/** A file as it is now; an empty one where there is none. @throws CREDENTIALS_FILE */
export async function readCredentialFile(path: string): Promise<CredentialFile> {
  try {
    return parseCredentialFile(await readFile(path, "utf8"), path);
  } catch (error) {
    if (errnoOf(error) === "ENOENT" || errnoOf(error) === "ENOTDIR") return { place: path, members: {} };
    if (errnoOf(error) !== undefined) throw unusable(path, messageOf(error));
    throw error;
  }
}

/** The same from a text. @throws CREDENTIALS_FILE */
export function parseCredentialFile(text: string, place: string): CredentialFile {
  if (text.trim() === "") return { place, members: {} };
  try {
    return { place, members: asObject(JSON.parse(text), place) };
  } catch (error) {
    // The parser's own words could quote a password.
    if (error instanceof SyntaxError) throw unusable(place, `it is not JSON${whereOf(text)}`);
    throw error;
  }
}

/** Replaces a file, readable by its owner alone; a link stays a link. @throws CREDENTIALS_FILE */
export async function writeCredentialFile({ place, members }: CredentialFile): Promise<void> {
  try {
    await mkdir(dirname(place), { recursive: true, mode: 0o700 });
    const target = await realpath(place).catch(() => place);
    await writeFileAtomic(target, `${JSON.stringify(members, null, "\t")}\n`, 0o600);
  } catch (error) {
    throw credentialsError("FILE", `cannot write ${place}: ${messageOf(error)}`, { cause: error });
  }
}

/** The entries of `auths`: what they are about, as written, to what they hold. */
export function entriesOf({ place, members }: CredentialFile): [key: string, value: unknown][] {
  return Object.entries(memberOf(members, "auths", place));
}

/** The helpers by registry, as written, and the one for all. */
export function helpersOf({ place, members }: CredentialFile): {
  readonly byRegistry: Members;
  readonly forAll: string | undefined;
} {
  const { credsStore } = members;
  const forAll = typeof credsStore === "string" && credsStore !== "" ? credsStore : undefined;
  return { byRegistry: memberOf(members, "credHelpers", place), forAll };
}

/** The file with other entries; without any there is no member `auths`. */
export function withEntries(file: CredentialFile, entries: readonly [key: string, value: unknown][]) {
  const { auths: _, ...rest } = file.members;
  const members = entries.length === 0 ? rest : { auths: Object.fromEntries(entries), ...rest };
  return { ...file, members };
}

/** The credentials of an entry; `auth` is base64 of `user:password`. @throws CREDENTIALS_FILE */
export function parseEntry([key, value]: [string, unknown], place: string): Credentials | undefined {
  const where = `${place}#${jsonPointer(["auths", key])}`;
  const entry = asObject(value, where);
  const text = (name: string) => {
    const member = entry[name] ?? "";
    if (typeof member !== "string") throw unusable(where, `${name} is not a text`);
    return member;
  };
  if (text("registrytoken") !== "") return { registryToken: text("registrytoken") };
  if (text("identitytoken") !== "") return { identityToken: text("identitytoken") };
  if (text("auth") === "") {
    const username = text("username");
    return username === "" ? undefined : { username, password: text("password") };
  }
  const decoded = Buffer.from(text("auth"), "base64").toString();
  const colon = decoded.indexOf(":");
  if (colon < 1) throw unusable(where, "auth is not base64 of user:password");
  return { username: decoded.slice(0, colon), password: decoded.slice(colon + 1).replace(/\0+$/, "") };
}

/** The entry for credentials that no helper keeps. */
export function formatEntry(credentials: Credentials): Members {
  if ("registryToken" in credentials) return { registrytoken: credentials.registryToken };
  if ("identityToken" in credentials) return { identitytoken: credentials.identityToken };
  const { username, password } = credentials;
  return { auth: Buffer.from(`${username}:${password}`).toString("base64") };
}

function whereOf(text: string): string {
  const fault = text.length > MAX_LOOKED_AT ? undefined : findJsonFault(text);
  return fault === undefined ? "" : ` (line ${fault.line}, column ${fault.column})`;
}

function unusable(place: string, reason: string) {
  return credentialsError("FILE", `cannot use ${place}: ${reason}`, {
    hint: "log in again, or repair the file",
  });
}
