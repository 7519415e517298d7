import type { SecurityRequest } from "../../../../../engine/index.ts";
import type { dockerApi } from "../../../../../specs/index.ts";
import { type OriginCollector, type Path, refuse } from "./origins.ts";

/**
 * Privileges, capabilities and the security options of a create body.
 *
 * @throws DOCKER_CREATE_VALUE for an unknown option or a malformed capability name
 */
export function translateSecurity(host: dockerApi.HostConfig, origins: OriginCollector): SecurityRequest {
  const options = (host.SecurityOpt ?? []).map((text, index) =>
    readOption(text, ["HostConfig", "SecurityOpt", index], (field) =>
      origins.given(`security.${field}`, ["HostConfig", "SecurityOpt", index], text),
    ),
  );
  const merged: Partial<SecurityRequest> = Object.assign({}, ...options);
  return {
    privileged: origins.given("security.privileged", ["HostConfig", "Privileged"], host.Privileged) ?? false,
    readonlyRootfs:
      origins.given("security.readonlyRootfs", ["HostConfig", "ReadonlyRootfs"], host.ReadonlyRootfs) ??
      false,
    capAdd: capabilities("CapAdd", host.CapAdd, origins),
    capDrop: capabilities("CapDrop", host.CapDrop, origins),
    maskedPaths: host.MaskedPaths,
    readonlyPaths: host.ReadonlyPaths,
    ...merged,
    labels: options.flatMap((option) => option.labels ?? []),
  };
}

function readOption(text: string, path: Path, note: (field: string) => void): Partial<SecurityRequest> {
  const [, name = text, value] = /^([a-z-]+)[=:](.*)$/s.exec(text) ?? [];
  switch (name) {
    case "no-new-privileges":
      note("noNewPrivileges");
      if (value === undefined || value === "true" || value === "1") return { noNewPrivileges: true };
      if (value === "false" || value === "0") return { noNewPrivileges: false };
      throw refuse(path, `"${value}" is neither true nor false`);
    case "seccomp":
      note("seccomp");
      return { seccomp: seccompOf(value, path) };
    case "apparmor":
      note("apparmor");
      return { apparmor: needed(name, value, path) };
    case "label":
      return { labels: [needed(name, value, path)] };
    case "systempaths":
      if (value === "unconfined") return { maskedPaths: [], readonlyPaths: [] };
      throw refuse(path, `systempaths can only be unconfined, not "${value ?? ""}"`);
    default:
      throw refuse(path, `unknown security option "${name.slice(0, 60)}"`);
  }
}

function seccompOf(value: string | undefined, path: Path): NonNullable<SecurityRequest["seccomp"]> {
  if (value === "unconfined") return { kind: "unconfined" };
  if (value === "builtin") return { kind: "default" };
  const json = needed("seccomp", value, path);
  if (!json.trimStart().startsWith("{"))
    throw refuse(path, "a seccomp profile must be sent as JSON, not as a file name");
  return { kind: "profile", json };
}

function needed(name: string, value: string | undefined, path: Path): string {
  if (value === undefined || value === "") throw refuse(path, `${name} needs a value`);
  return value;
}

function capabilities(
  key: "CapAdd" | "CapDrop",
  names: readonly string[] | undefined,
  origins: OriginCollector,
) {
  const field = key === "CapAdd" ? "security.capAdd" : "security.capDrop";
  return (origins.given(field, ["HostConfig", key], names) ?? []).map((name, index) => {
    const upper = name.toUpperCase();
    if (!/^[A-Z_]{1,64}$/.test(upper)) throw refuse(["HostConfig", key, index], `"${name}" is no capability`);
    return upper;
  });
}
