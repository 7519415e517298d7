import { encodePlan, type Plan, planToJson, printPlan } from "../../plan/index.ts";
import { createBindings } from "../../runtime/index.ts";
import type { EngineContext } from "../context.ts";
import type { CreateContainerRequest } from "../model/create-request.ts";
import { assumeNetwork } from "../networks/default-network.ts";
import { withRuntime } from "../runtimes/with-runtime.ts";
import type { Volumes } from "../volumes/volumes.ts";
import { checkRequest } from "./check-request.ts";
import { completeMounts } from "./create.ts";
import { findMountedImages } from "./image-mounts.ts";
import type { ContainerRoot, ImageSource } from "./image-source.ts";
import { plannedSources } from "./mounts.ts";
import { newContainerId } from "./names.ts";
import { withParent } from "./parent.ts";
import { prepareRun } from "./prepare-run.ts";
import { type ContainerRecord, newState } from "./record.ts";
import type { ContainerStore } from "./store.ts";
import { withSystemd } from "./systemd.ts";
import type { UserFiles } from "./user.ts";
import { readUserFiles } from "./user-files.ts";
import { inheritedMounts } from "./volumes-from.ts";

/** A plan for people and programs. */
export type Explained = {
  /** What the helper reports when it has executed these very bytes. */
  readonly digest: string;
  readonly text: string;
  readonly plan: unknown;
};

/** What a plan is made from; an engine has more. */
export type PlanContext = Pick<
  EngineContext,
  "layout" | "readFacts" | "cdiDirectories" | "defaultNetwork" | "runtimes"
> & {
  readonly store: Pick<ContainerStore, "find">;
  readonly images: Pick<ImageSource, "find" | "predictRoot" | "layers">;
  readonly volumes: Pick<Volumes, "path">;
  readonly readUserFiles: (record: ContainerRecord, root: ContainerRoot) => Promise<UserFiles>;
};

/** The plan that a container of this request would be started with. Makes nothing. */
export function explainRequest(context: EngineContext, request: CreateContainerRequest): Promise<Explained> {
  return planRequest(planContext(context), request);
}

/** The plan that a container on record was, or will be, started with. */
export async function explainContainer(context: EngineContext, record: ContainerRecord): Promise<Explained> {
  return plan(planContext(context), record, await context.images.root(record.id));
}

/** `explainRequest` where there is no engine. */
export async function planRequest(context: PlanContext, asked: CreateContainerRequest): Promise<Explained> {
  const settled = assumeNetwork(withParent(context.store, asked), context.defaultNetwork);
  const handled = await withRuntime(context.runtimes, settled);
  const facts = await context.readFacts();
  checkRequest(handled, facts);
  const image = await context.images.find(handled.image, handled.platform);
  const request = withSystemd(handled, image.recorded, facts);
  const id = newContainerId();
  const mounts = await findMountedImages(context.images, request.mounts);
  const inherited = inheritedMounts(context.store, request);
  const record: ContainerRecord = {
    id,
    name: request.name ?? "",
    createdAt: "",
    request: { ...request, mounts: completeMounts({ ...request, mounts }, image, inherited) },
    image: image.recorded,
    anonymousVolumes: [],
    state: newState,
  };
  return plan(context, record, await context.images.predictRoot(id, image));
}

function planContext(context: EngineContext): PlanContext {
  return { ...context, readUserFiles: (_, { layers }) => readUserFiles(context.helper, layers) };
}

async function plan(context: PlanContext, record: ContainerRecord, root: ContainerRoot): Promise<Explained> {
  const prepared = await prepareRun(context, {
    record,
    handler: await context.runtimes.find(record.request.runtime),
    root: root.source,
    facts: await context.readFacts(),
    userFiles: await context.readUserFiles(record, root),
    sources: plannedSources(context, context.layout.containerRun(record.id)),
  });
  return present(prepared.plan.ops(), record.id);
}

function present(plan: Plan, id: string): Explained {
  const bindings = createBindings(id);
  return {
    digest: encodePlan(plan, bindings).digest,
    text: printPlan(plan, { bindings }),
    plan: planToJson(plan),
  };
}
