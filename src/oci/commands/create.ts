import { createContainer, readBundle } from "../../runtime/index.ts";
import { ociCommand } from "../command.ts";
import { createFlags, createOptions } from "./create-flags.ts";
import { logWarnings } from "./warnings.ts";

/** Makes a container from a bundle; its program waits for `start`. */
export const create = ociCommand({
  name: "create",
  summary: "create a container",
  usage: "<container-id>",
  args: [1, 1],
  flags: createFlags,
  async action({ flags, args: [id = ""] }, environment) {
    const options = createOptions(id, flags, { cwd: environment.cwd, attendance: "create" });
    const { value: spec, warnings } = await readBundle(options.bundle);
    logWarnings(environment.logger, warnings);
    const context = await environment.runtime();
    const { digest } = await createContainer(context, spec, options);
    environment.logger.log("debug", "plan.executed", { id, digest });
    return 0;
  },
});
