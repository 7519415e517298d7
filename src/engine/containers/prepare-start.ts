import { mkdirSync } from "node:fs";
import { removeTree } from "../../base/index.ts";
import { executeBy, type Helper, type ProcessMaker } from "../../helper/index.ts";
import type { HostFacts } from "../../host/index.ts";
import type { Resumption } from "../checkpoints/resume.ts";
import type { EngineContext } from "../context.ts";
import { requireSink } from "../logs/log-sinks.ts";
import { type ConnectOptions, connectContainer } from "../networks/connect.ts";
import { checkLinks } from "../networks/links.ts";
import { namesOf, tellOthers } from "../networks/tell-names.ts";
import { madeSources } from "./mounts.ts";
import { writeNetworkFiles } from "./network-files.ts";
import { type PreparedRun, prepareRun } from "./prepare-run.ts";
import type { ContainerRecord } from "./record.ts";
import { readUserFiles } from "./user-files.ts";

/** Whether a container is on networks. */
export function isConnected({ request }: ContainerRecord): boolean {
  return request.network.mode.kind === "named";
}

type Preparation = {
  readonly facts: HostFacts;
  readonly resumption: Resumption | undefined;
  /** Makes the process that makes what a container has of networks; left out where it has none. */
  readonly networker: ProcessMaker | undefined;
};

/** What a run takes. The plan names the network's files and namespace, and can be told before they are there. */
export type Prepared = { readonly prepared: PreparedRun; readonly connected: Promise<void> };

/**
 * Prepares what a container needs before it can be made: its directories, its networks and its plan, at the same time. That
 * the plan is there is waited for, the networks are what the caller waits for. What fails leaves nothing under way.
 */
export async function prepareStart(
  context: EngineContext,
  record: ContainerRecord,
  { facts, resumption, networker }: Preparation,
): Promise<Prepared> {
  const { layout, images, helper } = context;
  const directory = layout.containerRun(record.id);
  mkdirSync(layout.container(record.id), { recursive: true, mode: 0o710 });
  await removeTree(directory);
  mkdirSync(`${directory}/rootfs`, { recursive: true, mode: 0o711 });
  if (record.request.autoRemove && record.state.startedAt !== undefined) await images.renew(record.id);
  const root = await images.root(record.id);
  const handler = await context.runtimes.find(record.request.runtime);
  const asked = Promise.withResolvers<void>();
  const connected = connect(context, record, {
    remembered: resumption?.endpoints,
    ...(networker && { helper: executorOf(networker, asked.resolve) }),
  });
  connected.catch(() => undefined);
  try {
    // What the kernel is asked for is made while this process makes the plan.
    await Promise.race([asked.promise, connected]);
    const userFiles = await readUserFiles(helper, root.layers);
    const prepared = await prepareRun(context, {
      record,
      handler,
      facts,
      root: root.source,
      userFiles,
      restore: resumption?.settings,
      sources: madeSources(context, directory),
    });
    requireSink(prepared.monitor.log?.sink);
    if (prepared.before !== undefined) await helper.execute(prepared.before);
    return { prepared, connected };
  } catch (error) {
    await connected.catch(() => undefined);
    throw error;
  }
}

/** Connects a container to its networks and writes the files that tell it about them. */
async function connect(
  context: EngineContext,
  record: ContainerRecord,
  options: Omit<ConnectOptions, "onRecord">,
): Promise<void> {
  checkLinks(context, record);
  const directory = context.layout.containerRun(record.id);
  await connectContainer(context, record, {
    ...options,
    async onRecord(endpoints) {
      // Where it shares another's network it sees the files of that one.
      if (record.request.network.mode.kind === "container") return;
      writeNetworkFiles(directory, record.request, namesOf(context, record, endpoints));
      if (endpoints.length > 0) tellOthers(context, record, endpoints);
    },
  });
}

/** @param onAsked called when the first plan is on its way */
function executorOf(maker: ProcessMaker, onAsked: () => void): Pick<Helper, "execute"> {
  const telling: ProcessMaker = {
    async connect(role) {
      const socket = await maker.connect(role);
      setImmediate(onAsked);
      return socket;
    },
  };
  return { execute: (plan) => executeBy(telling, plan) };
}
