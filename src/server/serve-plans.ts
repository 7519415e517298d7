import { join } from "node:path";
import { createPlansDoor, type DockerDoor } from "../api/docker/index.ts";
import { type EnginePaths, silentLogger } from "../base/index.ts";
import { openPlanner, parseDefaultNetwork } from "../engine/index.ts";

export type ServePlansOptions = {
  readonly paths: EnginePaths;
  /** What TUG_DEFAULT_NETWORK says. */
  readonly defaultNetwork: string | undefined;
  /** Where files describe CDI devices, in the place of where the specification has them. */
  readonly cdiDirectories?: readonly string[] | undefined;
  /** The engine's configuration, in the place of the one that the machine has. */
  readonly config?: string | undefined;
  /** Directory of the package, which holds dist/. */
  readonly packageDirectory: string;
  readonly version: string;
};

/**
 * The part of Docker's API that shows plans, served within this process: for a caller who may not use an engine. No
 * socket is opened.
 */
export async function servePlans(options: ServePlansOptions): Promise<DockerDoor["inner"]> {
  const { paths, packageDirectory, cdiDirectories, version } = options;
  const hello = join(packageDirectory, "dist/helper/hello");
  const defaultNetwork = parseDefaultNetwork(options.defaultNetwork);
  const planner = await openPlanner({ paths, config: options.config, cdiDirectories, defaultNetwork, hello });
  return createPlansDoor(planner, { logger: silentLogger, version }).inner;
}
