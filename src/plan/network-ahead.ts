/** Of a pid and of the number of a namespace, so that all names are of one length. */
const DIGITS = 10;

/**
 * What the op `networkAhead` is told: a network namespace, as /proc/PID/ns/net of the process that keeps it.
 *
 * @param number the inode of that file
 */
export function networkAheadName(pid: number, number: bigint): string {
  return `${String(pid).padStart(DIGITS, "0")}/${String(number).padStart(DIGITS, "0")}`;
}

/** No network namespace was made ahead. */
export const NO_NETWORK_AHEAD: string = networkAheadName(0, 0n);
