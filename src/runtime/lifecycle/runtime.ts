import type { Logger } from "../../base/index.ts";
import type { Helper, NetworksAhead, Placeholder } from "../../helper/index.ts";
import type { HostFacts } from "../../host/index.ts";
import type { SystemdSockets } from "../../systemd/index.ts";
import type { UnitHome } from "../cgroups/systemd-unit.ts";
import type { UnprivilegedCaller } from "../planner/id-maps.ts";
import type { KnownPlans } from "./known-plans.ts";

/** What the low-level runtime works with. */
export type RuntimeContext = {
  /** Directory with one directory per container; absolute. */
  readonly root: string;
  readonly helper: Helper;
  readonly facts: HostFacts;
  readonly logger: Logger;
  /** User id of who runs this. */
  readonly owner: number;
  /** A caller without CAP_SYS_ADMIN; absent: one with it. */
  readonly unprivileged?: UnprivilegedCaller | undefined;
  /** Do without control groups that cannot be made, unless something is asked of them. */
  readonly rootless?: boolean;
  /** The caller's own service manager, of which units are asked; absent: the machine's. */
  readonly systemd?: SystemdSockets | undefined;
  /** Where the units of that are; known once a container is to be in one. */
  readonly unitHome?: UnitHome | undefined;
  /** Network namespaces for new containers; absent: each makes its own. */
  readonly networksAhead?: NetworksAhead | undefined;
  /** Plans of other containers; absent: each is made anew. */
  readonly knownPlans?: KnownPlans | undefined;
  /** Starts a process that keeps a unit of systemd; absent: no groups are made through systemd. */
  readonly placeholder?: () => Promise<Placeholder>;
};
