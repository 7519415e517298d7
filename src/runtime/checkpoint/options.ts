import type { CgroupMode } from "./criu-request.ts";
import type { CriuSearch } from "./find-criu.ts";

/** What checkpoint and restore have in common, by runc's flags. */
export type CriuSettings = {
  readonly criu: CriuSearch;
  /** Directory of the images; absolute. */
  readonly images: string;
  /** Directory for criu's log and other files of its work; absolute. Default: that of the images. */
  readonly work?: string | undefined;
  readonly tcpEstablished: boolean;
  readonly extUnixSk: boolean;
  readonly shellJob: boolean;
  readonly fileLocks: boolean;
  readonly autoDedup: boolean;
  readonly lazyPages: boolean;
  readonly cgroupMode?: CgroupMode | undefined;
};

export type CheckpointSettings = CriuSettings & {
  /** Images of an earlier pre-dump, relative to `images`. */
  readonly parent?: string | undefined;
  readonly leaveRunning: boolean;
  readonly preDump: boolean;
  readonly tcpSkipInFlight: boolean;
  readonly linkRemap: boolean;
  readonly pageServer?: { readonly address: string; readonly port: number } | undefined;
  /** Descriptor of the caller to which a zero byte is written when pages can be asked for. */
  readonly statusFd?: number | undefined;
  /** What is not dumped beyond what comes from outside in any case. */
  readonly outside?: {
    /** The network namespace is left out although it is the container's own: on restore it gets another one by path. */
    readonly network: boolean;
    /** Destinations of mounts whose content is there again on restore. */
    readonly mounts: readonly string[];
  };
};

export type RestoreSettings = CriuSettings & {
  /** TYPE:NAME of a security module. */
  readonly lsmProfile?: string | undefined;
  readonly lsmMountContext?: string | undefined;
};

/** Names of criu's logs in its directory, as runc has them. */
export const criuLogs = { dump: "dump.log", restore: "restore.log" } as const;
