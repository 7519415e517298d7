import { freezeContainer } from "../../runtime/index.ts";
import { ociCommand } from "../command.ts";

/** Freezes the processes of a container. */
export const pause = ociCommand({
  name: "pause",
  summary: "suspend all processes inside the container",
  usage: "<container-id>",
  args: [1, 1],
  flags: {},
  async action({ args: [id = ""] }, environment) {
    await freezeContainer(await environment.runtime(), id, true);
    return 0;
  },
});
