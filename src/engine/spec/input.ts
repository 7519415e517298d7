import type { PlanFacts } from "../../runtime/index.ts";
import type { CreateContainerRequest } from "../model/create-request.ts";
import type { CdiChanges } from "./cdi-changes.ts";
import type { HostDevice } from "./host-devices.ts";
import type { Origins } from "./origins.ts";

/** The parts of an image's configuration that a container takes over. */
export type ImageDefaults = {
  readonly Entrypoint?: readonly string[] | null | undefined;
  readonly Cmd?: readonly string[] | null | undefined;
  readonly Env?: readonly string[] | null | undefined;
  readonly WorkingDir?: string | undefined;
  readonly User?: string | undefined;
  readonly ExposedPorts?: Readonly<Record<string, object>> | null | undefined;
  readonly Shell?: readonly string[] | null | undefined;
  /** Durations in nanoseconds. */
  readonly Healthcheck?:
    | {
        readonly Test?: readonly string[] | undefined;
        readonly Interval?: number | undefined;
        readonly Timeout?: number | undefined;
        readonly StartPeriod?: number | undefined;
        readonly StartInterval?: number | undefined;
        readonly Retries?: number | undefined;
      }
    | null
    | undefined;
};

/** Numbers for the user that a request names, looked up in the container's own passwd and group files. */
export type ResolvedUser = { readonly uid: number; readonly gid: number; readonly groups: readonly number[] };

/** A mount of a request with its source on the host. */
export type ResolvedMount = {
  readonly target: string;
  /** Absolute path on the host; undefined for a tmpfs. */
  readonly source: string | undefined;
  /** Directories of the host that the source is the topmost of: what is mounted is all of them as one. */
  readonly layers?: readonly string[] | undefined;
  /** What in the layers is mounted instead of all; links on the way lead nowhere outside. */
  readonly subpath?: string | undefined;
  /** Options as config.json takes them. */
  readonly options: readonly string[];
  /** Of the file system; left out: the source is bound. */
  readonly type?: string;
  readonly from: string;
};

/** What of a request a spec is made of. Requests that differ elsewhere, as in their names, have one. */
export type SpecRequest = Pick<
  CreateContainerRequest,
  | "image"
  | "command"
  | "entrypoint"
  | "env"
  | "workingDir"
  | "domainname"
  | "annotations"
  | "systemd"
  | "shmSizeBytes"
  | "namespaces"
  | "resources"
  | "security"
  | "ulimits"
  | "sysctls"
  | "oomScoreAdj"
  | "from"
> & {
  readonly stdio: Pick<CreateContainerRequest["stdio"], "tty" | "consoleSize">;
  readonly network: Pick<CreateContainerRequest["network"], "mode">;
};

/** Paths of other containers' namespaces, for `container:` modes. */
export type SharedNamespaces = Partial<Readonly<Record<"pid" | "ipc" | "net", string>>>;

/** Everything that a container's spec is made of. */
export type SpecInput = {
  readonly id: string;
  readonly request: SpecRequest;
  readonly image: ImageDefaults;
  readonly user: ResolvedUser;
  readonly facts: PlanFacts;
  /** The machine has a file system of POSIX message queues. */
  readonly hasMessageQueues: boolean;
  /** Path of the root file system, absolute or relative to the bundle. */
  readonly rootfs: string;
  readonly hostname: string;
  readonly mounts: readonly ResolvedMount[];
  readonly devices: readonly HostDevice[];
  /** What CDI devices change beyond mounts, devices and groups. */
  readonly cdi: Pick<CdiChanges, "env" | "hooks">;
  /** Variables that are secrets, `NAME=value`. */
  readonly secretEnv: readonly string[];
  readonly shared: SharedNamespaces;
  /** File of the network namespace that is made for the container when it is connected to networks. */
  readonly networkNamespace: string;
  /** That file is there also for a container that is on no network. */
  readonly hasNetworkNamespace?: boolean;
  /** Where what comes from is noted while the spec is written. */
  readonly origins: Origins;
};
