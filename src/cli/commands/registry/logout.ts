import { forgetCredentials, registryName } from "../../../credentials/index.ts";
import { defineCommand } from "../../arguments/command.ts";
import { placesOf } from "../../registry-auth.ts";
import { write } from "../../write.ts";

export const logout = defineCommand({
  path: ["logout"],
  aliases: [],
  summary: "Forget the credentials for a registry",
  args: { usage: "[REGISTRY]", least: 0, most: 1 },
  options: {},
  examples: [{ line: "tug logout localhost:5000", does: "Forget a name and a password" }],
  async run({ args: [server = ""], context }) {
    const registry = registryName(server);
    const { wasThere, left } = await forgetCredentials(placesOf(context), registry, { env: context.env });
    for (const file of left) {
      await write(context.stderr, `warning: ${file} has credentials for ${registry} too, and keeps them\n`);
    }
    const output = wasThere
      ? `Removing login credentials for ${registry}\n`
      : `Not logged in to ${registry}\n`;
    return { output };
  },
});
