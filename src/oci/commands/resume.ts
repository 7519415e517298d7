import { freezeContainer } from "../../runtime/index.ts";
import { ociCommand } from "../command.ts";

/** Lets the processes of a paused container go on. */
export const resume = ociCommand({
  name: "resume",
  summary: "resume all processes that have been previously paused",
  usage: "<container-id>",
  args: [1, 1],
  flags: {},
  async action({ args: [id = ""] }, environment) {
    await freezeContainer(await environment.runtime(), id, false);
    return 0;
  },
});
