import { createContainer } from "../../runtime/index.ts";
import { ociCommand } from "../command.ts";
import { createFlags, createOptions } from "./create-flags.ts";
import { readBoth } from "./read-spec.ts";

/** Makes a container from a bundle; its program waits for `start`. */
export const create = ociCommand({
  name: "create",
  summary: "create a container",
  usage: "<container-id>",
  args: [1, 1],
  flags: createFlags,
  isPlanned: true,
  async action({ flags, args: [id = ""] }, environment) {
    const options = createOptions({ id, attendance: "create" }, flags, environment);
    const [spec, context] = await readBoth(options.bundle, flags.config, environment);
    const { digest } = await createContainer(context, spec, options);
    environment.logger.log("debug", "plan.executed", { id, digest });
    return 0;
  },
});
