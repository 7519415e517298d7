import { containerReport } from "../../runtime/index.ts";
import { ociCommand } from "../command.ts";

/** Prints the state of a container. */
export const state = ociCommand({
  name: "state",
  summary: "output the state of a container",
  usage: "<container-id>",
  args: [1, 1],
  flags: {},
  isPlanned: true,
  async action({ args: [id = ""] }, environment) {
    const report = await containerReport(await environment.runtime(), id);
    environment.stdout(`${JSON.stringify(report, null, 2)}\n`);
    return 0;
  },
});
