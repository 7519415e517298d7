import { createHash, randomBytes } from "node:crypto";
import type { ContainerRecord } from "../containers/record.ts";
import type { MountRequest } from "../model/mount-request.ts";
import type { Difference } from "../model/why-view.ts";
import { commandLine } from "../spec/process.ts";

/**
 * What a container was configured with, by the words that people are shown. Values of the environment may be secrets: of
 * them a few bits of a salted hash stand here, which tell that a value is another one and not what it is.
 */
export type Configuration = { readonly salt: string; readonly values: Readonly<Record<string, string>> };

const ENVIRONMENT = "env ";

/** @param salt of another configuration to be compared with; left out: a new one */
export function describeConfiguration(
  record: Pick<ContainerRecord, "request" | "image">,
  salt: string = randomBytes(8).toString("hex"),
): Configuration {
  const { request, image } = record;
  const { resources, security, network } = request;
  const values: Record<string, string> = {};
  const put = (name: string, value: unknown): void => {
    if (value === undefined || value === null || value === false || value === "") return;
    const text = typeof value === "string" ? value : JSON.stringify(value);
    if (text !== "[]" && text !== "{}") values[name] = text;
  };
  put("image", request.image);
  put("image id", image.id);
  put("command", commandLine(request, image.defaults).join(" "));
  put("user", request.user ?? image.defaults.User);
  put("working directory", request.workingDir ?? image.defaults.WorkingDir);
  put("hostname", request.hostname);
  put("network", nameOf(network.mode));
  for (const [name, value] of Object.entries(resources)) put(`limit ${name}`, value);
  for (const { name, soft, hard } of request.ulimits) put(`ulimit ${name}`, `${soft}:${hard}`);
  for (const [name, value] of Object.entries(security)) put(`security ${name}`, value);
  for (const [name, value] of Object.entries(request.sysctls)) put(`sysctl ${name}`, value);
  for (const mount of request.mounts) put(`mount ${mount.target}`, describeMount(mount));
  for (const entry of [...(image.defaults.Env ?? []), ...request.env]) {
    const [name = ""] = entry.split("=", 1);
    if (!entry.includes("=")) delete values[`${ENVIRONMENT}${name}`];
    else values[`${ENVIRONMENT}${name}`] = mark(salt, entry);
  }
  return { salt, values };
}

/** What differs, in the order of the words. Both must have the same salt. */
export function compareConfigurations(before: Configuration, now: Configuration): Difference[] {
  const names = new Set([...Object.keys(before.values), ...Object.keys(now.values)]);
  return [...names].sort().flatMap((what): Difference[] => {
    const [was, is] = [before.values[what], now.values[what]];
    if (was === is) return [];
    const change = was === undefined ? "added" : is === undefined ? "removed" : "changed";
    return [what.startsWith(ENVIRONMENT) ? { what, change } : { what, change, before: was, now: is }];
  });
}

/** 32 bits: no secret can be found by them, and another value is noticed. */
function mark(salt: string, entry: string): string {
  return createHash("sha256").update(`${salt} ${entry}`).digest("hex").slice(0, 8);
}

function describeMount(mount: MountRequest): string {
  const source =
    mount.type === "bind"
      ? mount.source
      : mount.type === "volume"
        ? anonymous(mount.name)
        : mount.type === "image"
          ? mount.image
          : mount.type === "secret"
            ? mount.secret
            : mount.type === "config"
              ? mount.config
              : "";
  return [mount.type, source, mount.readOnly ? "read-only" : ""].filter((word) => word !== "").join(" ");
}

/** A volume that was made for one container is another one each time. */
function anonymous(name: string | undefined): string {
  return name === undefined || /^[0-9a-f]{64}$/.test(name) ? "" : name;
}

function nameOf(mode: ContainerRecord["request"]["network"]["mode"]): string {
  if (mode.kind === "container") return `container:${mode.container}`;
  return mode.kind === "named" ? mode.name : mode.kind;
}
