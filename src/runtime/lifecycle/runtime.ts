import type { Logger } from "../../base/index.ts";
import type { Helper, Placeholder } from "../../helper/index.ts";
import type { HostFacts } from "../../host/index.ts";

/** What the low-level runtime works with. */
export type RuntimeContext = {
  /** Directory with one directory per container; absolute. */
  readonly root: string;
  readonly helper: Helper;
  readonly facts: HostFacts;
  readonly logger: Logger;
  /** User id of who runs this. */
  readonly owner: number;
  /** Starts a process that keeps a unit of systemd; absent: no groups are made through systemd. */
  readonly placeholder?: () => Promise<Placeholder>;
};
