import { join } from "node:path";
import { imageError } from "../../errors.ts";
import { defaultDomain, type Reference } from "../../reference.ts";
import { registryHost } from "../endpoint.ts";
import { readCertificates } from "./certificates.ts";
import type { Capability, Host, HostFinder, TlsSettings } from "./host.ts";
import { readHostsToml } from "./hosts-toml.ts";
import { type MirrorRule, readRegistriesConf, relocate, ruleFor } from "./registries-conf.ts";
import { insecurely, usualHost } from "./usual-host.ts";

export type HostFiles = {
  /** Directories with one directory for each registry, by its host, in the order of precedence. */
  readonly directories: readonly string[];
  /** Containers' registries.conf. */
  readonly registriesConf: string;
};

/** Where people have such files already. */
export const usualHostFiles: HostFiles = {
  directories: [
    "/etc/tug/certs.d",
    "/etc/containerd/certs.d",
    "/etc/docker/certs.d",
    "/etc/containers/certs.d",
  ],
  registriesConf: "/etc/containers/registries.conf",
};

export type ConfiguredHostsOptions = {
  files?: HostFiles;
  /** Which hosts are spoken to without encryption where no file says so. */
  isPlain?: ((host: string) => boolean) | undefined;
};

/**
 * Finds hosts by the files that containerd, Docker and podman have for that: a hosts.toml for the registry, else a rule
 * of registries.conf, else the registry itself, each with the certificates that are there for the host. Files are read
 * at every call.
 */
export function configuredHosts({
  files = usualHostFiles,
  isPlain,
}: ConfiguredHostsOptions = {}): HostFinder {
  const withCertificates = async (host: Host): Promise<Host> => {
    const found = host.tls.ca.length > 0 ? undefined : await certificatesOf(files, host.api.host);
    return found === undefined ? host : { ...host, tls: { ...found, verify: host.tls.verify } };
  };
  return async (reference) => {
    const hosts = (await hostsOfToml(files, { reference, isPlain })) ??
      (await hostsOfRules(files, { reference, isPlain })) ?? [usualHost(reference, { isPlain })];
    return await Promise.all(hosts.map(withCertificates));
  };
}

type Asked = {
  reference: Pick<Reference, "domain" | "path" | "digest">;
  isPlain: ((host: string) => boolean) | undefined;
};

async function hostsOfToml(
  { directories }: HostFiles,
  { reference, isPlain }: Asked,
): Promise<Host[] | undefined> {
  for (const directory of directories) {
    for (const name of [...directoryNames(reference.domain), "_default"]) {
      const hosts = await readHostsToml(join(directory, name), reference, isPlain);
      if (hosts !== undefined) return hosts;
    }
  }
  return undefined;
}

async function certificatesOf({ directories }: HostFiles, host: string): Promise<TlsSettings | undefined> {
  const domain = host === registryHost(defaultDomain) ? defaultDomain : host;
  for (const directory of directories) {
    for (const name of directoryNames(domain)) {
      const found = await readCertificates(join(directory, name));
      if (found !== undefined) return found;
    }
  }
  return undefined;
}

/** containerd writes a port in a second way too, for systems where names have no colons. */
function directoryNames(domain: string): string[] {
  return [...new Set([domain, domain.replace(/:(\d+)$/, "_$1_")])];
}

async function hostsOfRules(
  { registriesConf }: HostFiles,
  { reference, isPlain }: Asked,
): Promise<Host[] | undefined> {
  const name = `${reference.domain}/${reference.path}`;
  const rule = ruleFor(await readRegistriesConf(registriesConf), name);
  if (rule === undefined) return undefined;
  if (rule.blocked) {
    throw imageError("REGISTRY_DENIED", `cannot use ${name}: ${registriesConf} blocks ${rule.prefix}`, {
      hint: "use another registry, or have the rule changed",
      details: { reference: name },
    });
  }
  const place = ({ location, insecure }: { location: string; insecure: boolean }): Host[] => {
    const [domain = "", ...path] = relocate(name, rule.prefix, location).split("/");
    const host = usualHost({ domain, path: path.join("/") }, { isPlain });
    const isMirror = domain !== reference.domain;
    return (insecure ? insecurely(host) : [host]).map((each) => ({ ...each, isMirror }));
  };
  const mirrors = rule.mirrors
    .filter(({ pulls }) => pulls !== "tag-only" || reference.digest === undefined)
    .flatMap((mirror) =>
      place(mirror).map((host) => ({ ...host, isMirror: true, capabilities: capabilitiesOf(mirror) })),
    );
  return [...mirrors, ...place(rule)];
}

function capabilitiesOf({ pulls }: MirrorRule): readonly Capability[] {
  return pulls === "digest-only" ? ["pull"] : ["pull", "resolve"];
}
