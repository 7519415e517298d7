/** A machine that tug runs on, as uname(2) names it. */
export type Machine = "x86_64" | "aarch64";
