/**
 * The label by which clients that know no `HostConfig.Systemd` ask for a container that systemd boots in. Its words are the
 * same.
 */
export const SYSTEMD_LABEL = "tug.systemd";

/**
 * When systemd boots in a container: always; where its command is an init (`true`); never. The words are those of podman.
 * Source: https://github.com/containers/podman/blob/v5.6.0/docs/source/markdown/options/systemd.md
 */
export const systemdModes = ["always", "true", "false"] as const;

/** One of `systemdModes`. */
export type SystemdMode = (typeof systemdModes)[number];
