/** A volume as the doors show it. */
export type VolumeView = {
  readonly name: string;
  /** RFC 3339. */
  readonly createdAt: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly options: Readonly<Record<string, string>>;
  /** The directory that its files are in. */
  readonly mountpoint: string;
  /** Ids of the containers that it is mounted in, whether they run or not. */
  readonly users: readonly string[];
};

/** A volume with what its files take on disk, in bytes. */
export type VolumeUsage = VolumeView & { readonly bytes: number };
