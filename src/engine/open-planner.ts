import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type EnginePaths, enginePaths, TugError } from "../base/index.ts";
import { usualCdiDirectories } from "../cdi/index.ts";
import { readHostFacts } from "../host/index.ts";
import { type LayoutImage, type LayoutImages, predictMounts, readLayoutImages } from "../images/index.ts";
import { type Explained, type PlanContext, planRequest } from "./containers/explain.ts";
import type { UserFiles } from "./containers/user.ts";
import { engineError } from "./errors.ts";
import { containerImage, imagePlatform, overlayRoot, withImage } from "./images/container-images.ts";
import { helloImage } from "./images/hello.ts";
import { hostImage, hostRoot, isHostImage } from "./images/host-image.ts";
import { viewLayers } from "./images/mount-points.ts";
import type { CreateContainerRequest } from "./model/create-request.ts";
import type { DefaultNetwork } from "./networks/default-network.ts";
import { runtimeHandlers } from "./runtimes/handlers.ts";
import { ownPath } from "./volumes/volumes.ts";

export type PlannerOptions = {
  /** Of the engine whose plans are shown; it need not run. */
  readonly paths: EnginePaths;
  /** Where files describe CDI devices; by default where the specification has them. */
  readonly cdiDirectories?: readonly string[] | undefined;
  /** What that engine connects containers to where nobody says otherwise. */
  readonly defaultNetwork: DefaultNetwork;
  /** The configuration of that engine; by default the one that the machine has, if any. */
  readonly config?: string | undefined;
  /** The program of the image tug/hello. */
  readonly hello: string;
};

/** What an engine shows of plans, for whoever has no right to use one. */
export interface Planner {
  /** The plan that the engine would start a container of this request with. Makes nothing, needs no right. */
  explain(request: CreateContainerRequest): Promise<Explained>;
  /** @throws ENGINE_CONTAINER_NOT_FOUND: containers are the engine's */
  planOf(reference: string): Promise<Explained>;
}

const PASSWD = "etc/passwd";
const GROUP = "etc/group";

/** Opens a planner: it knows the images that the engine's content store has, the one that is brought along, and @host. */
export async function openPlanner(options: PlannerOptions): Promise<Planner> {
  const { paths, cdiDirectories = usualCdiDirectories, defaultNetwork, hello } = options;
  const layout = enginePaths(paths);
  const images = await readLayoutImages({
    directory: join(layout.data, "content"),
    embedded: [await helloImage(hello)],
  });
  const snapshots = {
    root: join(layout.data, "snapshots"),
    layers: { path: (name: string) => join(layout.layers, name) },
  };
  const find = (reference: string): never => {
    throw noContainer(reference);
  };
  const context: PlanContext = {
    layout,
    cdiDirectories,
    defaultNetwork,
    runtimes: runtimeHandlers(options.config),
    readFacts: readHostFacts,
    store: { find },
    volumes: { path: (name) => ownPath(layout.volumes, name) },
    images: {
      async find(reference, platform) {
        if (isHostImage(reference)) return hostImage();
        try {
          const image = await images.resolve(reference, platform && imagePlatform(platform));
          return containerImage(image);
        } catch (error) {
          throw withHint(withImage(error, reference));
        }
      },
      async layers({ id }) {
        const { chainIds } = await images.resolve(id);
        return viewLayers(predictMounts(snapshots, id, chainIds).lowers, layout.mountPoints);
      },
      async predictRoot(id, { recorded }) {
        if (isHostImage(recorded.id)) return hostRoot;
        const { chainIds } = await images.resolve(recorded.id);
        return overlayRoot(predictMounts(snapshots, id, chainIds), layout.mountPoints);
      },
    },
    readUserFiles: async ({ image: { id } }) =>
      isHostImage(id) ? hostUserFiles() : userFilesOf(images, await images.resolve(id)),
  };
  return {
    explain: (request) => planRequest(context, request),
    planOf: async (reference) => find(reference),
  };
}

async function userFilesOf(images: LayoutImages, image: LayoutImage): Promise<UserFiles> {
  const files = await images.readFiles(image, [PASSWD, GROUP]);
  return { passwd: files.get(PASSWD)?.toString() ?? "", group: files.get(GROUP)?.toString() ?? "" };
}

async function hostUserFiles(): Promise<UserFiles> {
  const read = (path: string): Promise<string> => readFile(path, "utf8").catch(() => "");
  return { passwd: await read(`/${PASSWD}`), group: await read(`/${GROUP}`) };
}

/** Whoever cannot use the engine cannot pull either. */
function withHint(error: unknown): unknown {
  if (!(error instanceof TugError) || error.kind !== "notFound") return error;
  const { kind, code, message, details } = error;
  const hint = "have root pull or load it first";
  return new TugError(kind, code, message, { cause: error, details, hint });
}

function noContainer(reference: string): TugError {
  const reason = "only root may look at containers";
  return engineError("CONTAINER_NOT_FOUND", `cannot look up container ${reference}: ${reason}`, {
    hint: "try again with sudo",
  });
}
