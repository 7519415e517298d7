import { defineCommand } from "../../../arguments/command.ts";
import { accessTo, credsOption, tlsVerifyOption } from "./access.ts";

export const deleteImage = defineCommand({
  path: ["image", "delete"],
  aliases: [],
  summary: "Delete an image from a registry, with all its tags there",
  args: { usage: "docker://NAME", least: 1, most: 1 },
  options: { creds: credsOption, "tls-verify": tlsVerifyOption },
  examples: [{ line: "tug image delete docker://localhost:5000/app:1", does: "Take an image back" }],
  async run({ options, args: [name = ""], connect, context, signal }) {
    const place = name.startsWith("docker://") ? name : `docker://${name}`;
    const access = await accessTo(place, options, context);
    return {
      output: `Deleted: ${await (await connect()).images.remote.delete(place, { ...access, signal })}\n`,
    };
  },
});
