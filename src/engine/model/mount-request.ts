import type { Digest } from "../../base/index.ts";
import type * as dockerApi from "../../specs/docker-api/index.ts";

/**
 * One thing mounted in a container. `from` is the JSON pointer of the create body; `spec` is there when the mount was
 * written as one text (`-v`, HostConfig.Binds) and is given back so by `inspect`.
 */
export type MountRequest = {
  readonly target: string;
  readonly readOnly: boolean;
  readonly from: string;
  readonly spec?: string | undefined;
} & (BindMount | VolumeMount | TmpfsMount | ImageMount | DataMount);

export type BindMount = {
  readonly type: "bind";
  /** Absolute path on the host. */
  readonly source: string;
  /** Make a directory when the source is missing; else that is an error. */
  readonly createSource: boolean;
  readonly propagation?: dockerApi.Propagation | undefined;
  /** Whether mounts below the source come along. */
  readonly recursive: boolean;
  /** What read-only means for mounts below the source; `ifPossible` needs mount_setattr(2). */
  readonly readOnlyRecursive: "ifPossible" | "never" | "always";
  readonly relabel?: "z" | "Z" | undefined;
};

export type VolumeMount = {
  readonly type: "volume";
  /** Left out: an anonymous volume, removed together with the container by `rm -v` and `--rm`. */
  readonly name?: string | undefined;
  /** Do not fill a new volume with what the image has at the target. */
  readonly noCopy: boolean;
  /** Relative path of what is mounted instead of the whole volume. */
  readonly subpath?: string | undefined;
  readonly labels: Readonly<Record<string, string>>;
  readonly driver?: string | undefined;
  readonly driverOptions: Readonly<Record<string, string>>;
};

export type TmpfsMount = {
  readonly type: "tmpfs";
  readonly sizeBytes?: number | undefined;
  /** Permission bits. */
  readonly mode?: number | undefined;
  /** Mount options such as `size=64m`, `noexec`, in the order given. */
  readonly options: readonly string[];
};

export type ImageMount = {
  readonly type: "image";
  /** Name or id, as it was asked for. */
  readonly image: string;
  /** Relative path of a directory in the image that is mounted instead of all. */
  readonly subpath?: string | undefined;
  /** The image that was meant when the container was made; the name may stand for another one since. */
  readonly found?: FoundImage | undefined;
};

/** A file with what is kept under a name: a secret or a config. */
export type DataMount = DataFile &
  (
    | { readonly type: "secret"; readonly secret: string }
    | { readonly type: "config"; readonly config: string }
  );

export type DataFile = {
  /** Owner of the file, as numbers in the container. */
  readonly uid: number;
  readonly gid: number;
  /** Permission bits. */
  readonly mode: number;
};

export type FoundImage = {
  /** Digest of the configuration. */
  readonly id: string;
  /** Names its stack of layers. */
  readonly chainId: Digest;
  readonly manifest: Digest;
};
