import { startContainer } from "../../runtime/index.ts";
import { ociCommand } from "../command.ts";
import { notifySocket } from "../descriptors.ts";

/** Lets a created container's program begin. */
export const start = ociCommand({
  name: "start",
  summary: "execute the user-defined process in a created container",
  usage: "<container-id>",
  args: [1, 1],
  flags: {},
  isPlanned: true,
  async action({ args: [id = ""] }, environment) {
    await startContainer(await environment.runtime(), id, notifySocket(environment));
    return 0;
  },
});
