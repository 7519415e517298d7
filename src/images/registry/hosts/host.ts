import type { Reference } from "../../reference.ts";

/** What a host is asked for: what a tag stands for, what has a digest, and to take something in. */
export type Capability = "resolve" | "pull" | "push";

/** How a server proves who it is, and we who we are. All in PEM. */
export type TlsSettings = {
  /** Authorities to trust besides Node's and the machine's. */
  readonly ca: readonly string[];
  readonly client: { readonly cert: string; readonly key: string } | undefined;
  /** False trusts anybody. */
  readonly verify: boolean;
};

/** One place where a repository is to be had. */
export type Host = {
  /** What the path of a repository follows: `https://registry.example/v2/`. */
  readonly api: URL;
  /** Path of the repository at this host. */
  readonly path: string;
  readonly capabilities: readonly Capability[];
  readonly tls: TlsSettings;
  /** Sent along with every request. */
  readonly headers: Readonly<Record<string, string>>;
  /** In milliseconds; undefined for the usual one. */
  readonly connectTimeout: number | undefined;
  /** Whether it is another host than the one that the reference names: it gets no credentials meant for that one. */
  readonly isMirror: boolean;
  /** The registry that a mirror should think of, where it serves several. */
  readonly namespace: string | undefined;
};

/** The hosts for a reference, in the order in which they are asked. @throws IMAGE_REGISTRY_CONFIG, IMAGE_REGISTRY_DENIED */
export type HostFinder = (
  reference: Pick<Reference, "domain" | "path" | "digest">,
) => Promise<readonly Host[]>;

/** Trusts what the machine trusts. */
export const usualTls: TlsSettings = { ca: [], client: undefined, verify: true };

export const allCapabilities: readonly Capability[] = ["resolve", "pull", "push"];
