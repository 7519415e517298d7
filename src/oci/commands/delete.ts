import { deleteContainer } from "../../runtime/index.ts";
import { ociCommand } from "../command.ts";

/** Removes what a container has left. */
export const remove = ociCommand({
  name: "delete",
  summary: "delete any resources held by the container",
  usage: "<container-id>",
  args: [1, 1],
  flags: {
    force: { kind: "boolean", short: "f", help: "kill the container first if it still runs (uses SIGKILL)" },
  },
  async action({ flags, args: [id = ""] }, environment) {
    await deleteContainer(await environment.runtime(), id, flags.force);
    return 0;
  },
});
