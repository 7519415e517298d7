import { encodePlan, type Plan, planToJson, printPlan } from "../../plan/index.ts";
import { createBindings } from "../../runtime/index.ts";
import type { EngineContext } from "../context.ts";
import type { CreateContainerRequest } from "../model/create-request.ts";
import { checkRequest } from "./check-request.ts";
import { completeMounts } from "./create.ts";
import type { ContainerRoot } from "./image-source.ts";
import { newContainerId } from "./names.ts";
import { networkFilePaths } from "./network-files.ts";
import { prepareRun } from "./prepare-run.ts";
import { type ContainerRecord, newState } from "./record.ts";
import type { UserFiles } from "./user.ts";
import { readUserFiles } from "./user-files.ts";

/** A plan for people and programs. */
export type Explained = {
  /** What the helper reports when it has executed these very bytes. */
  readonly digest: string;
  readonly text: string;
  readonly plan: unknown;
};

/** The plan that a container of this request would be started with. Makes nothing. */
export async function explainRequest(
  context: EngineContext,
  request: CreateContainerRequest,
): Promise<Explained> {
  checkRequest(request, await context.readFacts());
  const image = await context.images.find(request.image, request.platform);
  const id = newContainerId();
  const record: ContainerRecord = {
    id,
    name: request.name ?? "",
    createdAt: "",
    request: { ...request, mounts: completeMounts(request, image) },
    image: image.recorded,
    anonymousVolumes: [],
    state: newState,
  };
  return explain(context, record, await context.images.predictRoot(id, image));
}

/** The plan that a container on record was, or will be, started with. */
export async function explainContainer(context: EngineContext, record: ContainerRecord): Promise<Explained> {
  return explain(context, record, await context.images.root(record.id));
}

async function explain(
  context: EngineContext,
  record: ContainerRecord,
  root: ContainerRoot,
): Promise<Explained> {
  const none: UserFiles = { passwd: "", group: "" };
  // Only root may look into a root file system; anybody may see the plan of an image whose user is a number.
  const userFiles = context.owner === 0 ? await readUserFiles(context.helper, root.layers) : none;
  const networkFiles = networkFilePaths(context.layout.container(record.id));
  const facts = await context.readFacts();
  const { plan } = await prepareRun(context, { record, facts, root: root.source, userFiles, networkFiles });
  return present(plan, record.id);
}

function present(plan: Plan, id: string): Explained {
  const bindings = createBindings(id);
  return {
    digest: encodePlan(plan, bindings).digest,
    text: printPlan(plan, { bindings }),
    plan: planToJson(plan),
  };
}
