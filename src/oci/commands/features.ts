import { runtimeFeatures } from "../../runtime/index.ts";
import { ociCommand } from "../command.ts";

/** Prints what can be asked of this runtime. */
export const features = ociCommand({
  name: "features",
  summary: "show the enabled features",
  usage: "",
  args: [0, 0],
  flags: {},
  async action(_input, environment) {
    const { facts } = await environment.runtime();
    environment.stdout(`${JSON.stringify(runtimeFeatures(facts), null, 4)}\n`);
    return 0;
  },
});
