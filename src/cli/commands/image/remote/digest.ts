import { defineCommand } from "../../../arguments/command.ts";
import { absolutePlace } from "../../../values/place.ts";
import { accessTo, credsOption, tlsVerifyOption } from "./access.ts";

export const imageDigest = defineCommand({
  path: ["image", "digest"],
  aliases: [],
  summary: "Print the digest that a name stands for, wherever it is",
  args: { usage: "PLACE", least: 1, most: 1, completes: "images" },
  repeatable: true,
  options: { creds: credsOption, "tls-verify": tlsVerifyOption },
  examples: [{ line: "tug image digest docker://debian:12", does: "See whether there is a newer one" }],
  async run({ options, args: [name = ""], connect, context, signal }) {
    const access = await accessTo(name, options, context);
    const place = absolutePlace(name, context.cwd);
    return { output: `${await (await connect()).images.remote.digest(place, { ...access, signal })}\n` };
  },
});
