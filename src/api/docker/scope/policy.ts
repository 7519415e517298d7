import { type Mutex, TugError } from "../../../base/index.ts";
import { dockerApi } from "../../../specs/index.ts";
import { doorError } from "../errors.ts";
import type { Admission } from "../route.ts";
import type { Verb } from "./access.ts";

/** What a client of a scoped socket may see and do. */
export type Policy = {
  /** Name of the socket. */
  readonly name: string;
  readonly allow: ReadonlySet<Verb>;
  /** Value of the label that all has that is seen or made through it. */
  readonly scope: string;
  readonly quota: dockerApi.SocketQuota;
  /** Makes containers one after the other, whichever socket of the scope they are asked for at: they are counted. */
  readonly making: Mutex;
  /** What a container is connected to that names no network: never the machine's own. */
  readonly unnamedNetwork: "default" | "none";
};

/** Lets pass what a policy allows: nothing that no policy knows of. */
export function admitBy({ allow, name }: Policy): Admission {
  return ({ access, method, path }) => {
    if (access === "open" || (access !== "owner" && allow.has(access))) return;
    const reason = access === "owner" ? "it is for the machine's owner" : `it does not allow ${access}`;
    throw doorError("SCOPE", `cannot ${method} ${path} through the socket ${name}: ${reason}`);
  };
}

/** Requires a further verb for a part of what an endpoint does. @throws DOCKER_SCOPE */
export function need({ allow, name }: Policy, verb: Verb, what: string): void {
  if (allow.has(verb)) return;
  throw doorError("SCOPE", `cannot ${what} through the socket ${name}: it does not allow ${verb}`);
}

/** @param what the field or option, and why it cannot be */
export function beyond({ name }: Policy, what: string): TugError {
  return doorError("SCOPE", `cannot do this through the socket ${name}: ${what}`);
}

/** Whether something with these labels is in the scope. */
export function isInside({ scope }: Policy, labels: Readonly<Record<string, string>>): boolean {
  return Object.hasOwn(labels, dockerApi.SCOPE_LABEL) && labels[dockerApi.SCOPE_LABEL] === scope;
}

/** The labels of what is made. @throws DOCKER_SCOPE for labels that would put it elsewhere */
export function labelled(
  policy: Policy,
  labels: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  if (Object.hasOwn(labels, dockerApi.PARENT_LABEL))
    throw beyond(policy, `the label ${dockerApi.PARENT_LABEL} would put it into another container`);
  if (Object.hasOwn(labels, dockerApi.SCOPE_LABEL) && !isInside(policy, labels))
    throw beyond(policy, `the label ${dockerApi.SCOPE_LABEL} would put it into another scope`);
  return { ...labels, [dockerApi.SCOPE_LABEL]: policy.scope };
}

/**
 * Hides whom else a conflict is about: ids and the holder of a name.
 *
 * @param isOurs whether an id, or the beginning of one, is of something in the scope
 */
export function discreet(error: unknown, isOurs: (id: string) => boolean): unknown {
  if (!(error instanceof TugError) || error.kind !== "conflict") return error;
  const hide = (text: string) =>
    text.replace(/\b[0-9a-f]{12}(?:[0-9a-f]{52})?\b/g, (id) => (isOurs(id) ? id : "(another)"));
  const details = Object.entries(error.details).map(([key, value]) => [
    key,
    typeof value === "string" ? hide(value) : typeof value === "object" ? value.map(hide) : value,
  ]);
  return new TugError(error.kind, error.code, hide(error.message), {
    ...(error.hint === undefined ? {} : { hint: hide(error.hint) }),
    details: Object.fromEntries(details),
  });
}
