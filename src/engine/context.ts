import type { EngineLayout, Logger } from "../base/index.ts";
import type { Helper, NetworksAhead, ProcessMaker, Witness } from "../helper/index.ts";
import type { HostFacts } from "../host/index.ts";
import type { Networks } from "../network/index.ts";
import type { CriuSearch, KnownPlans } from "../runtime/index.ts";
import type { Background } from "./background.ts";
import type { ImageSource } from "./containers/image-source.ts";
import type { ContainerStore } from "./containers/store.ts";
import type { EventLog } from "./events.ts";
import type { ExecSessions } from "./exec/sessions.ts";
import type { HealthTable } from "./health/table.ts";
import type { NamedData } from "./named-data/store.ts";
import type { DefaultNetwork } from "./networks/default-network.ts";
import type { RuntimeHandlers } from "./runtimes/handlers.ts";
import type { Volumes } from "./volumes/volumes.ts";
import type { GoodRuns } from "./why/good-runs.ts";

/** What the parts of an engine share. */
export type EngineContext = {
  readonly layout: EngineLayout;
  readonly store: ContainerStore;
  readonly images: ImageSource;
  readonly execs: ExecSessions;
  readonly health: HealthTable;
  /** What later runs are compared with. */
  readonly goodRuns: GoodRuns;
  readonly networks: Networks;
  /** Where files describe CDI devices; what a later one says counts. */
  readonly cdiDirectories: readonly string[];
  /** Other OCI runtimes that containers may ask for. */
  readonly runtimes: RuntimeHandlers;
  /** Finds the program that makes checkpoints, as the configuration says now. */
  readonly findCriu: () => Promise<CriuSearch>;
  /** What containers are connected to where nobody says otherwise. */
  readonly defaultNetwork: DefaultNetwork;
  readonly volumes: Volumes;
  readonly secrets: NamedData;
  readonly configs: NamedData;
  readonly helper: Helper;
  /** Makes the processes that become monitors. */
  readonly spawner: ProcessMaker;
  /** Knows the ends of processes whose monitors are lost. */
  readonly witness: Witness;
  readonly knownPlans: KnownPlans;
  readonly networksAhead: NetworksAhead;
  readonly readFacts: () => Promise<HostFacts>;
  /** Removal of containers that nobody sees any more. */
  readonly background: Background;
  readonly events: EventLog;
  readonly logger: Logger;
};
