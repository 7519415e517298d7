import { defineCommand } from "../../arguments/command.ts";
import { cliError } from "../../errors.ts";
import { type UnitName, unitFiles } from "./unit-files.ts";

export const printService = defineCommand({
  path: ["system", "service", "print"],
  aliases: [],
  summary: "Print a systemd unit that runs the engine",
  args: { usage: "tug.service|tug.socket", least: 1, most: 1 },
  options: {},
  examples: [
    {
      line: "tug system service print tug.service > /etc/systemd/system/tug.service",
      does: "Have systemd start the engine at boot",
    },
    {
      line: "tug system service print tug.socket > /etc/systemd/system/tug.socket",
      does: "Have it started by the first client, too",
    },
  ],
  async run({ args: [name = ""], context: { program } }) {
    if (!(name in unitFiles)) {
      throw cliError("USAGE", `cannot print ${name}: it must be tug.service or tug.socket`);
    }
    return { output: unitFiles[name as UnitName](program ?? "/usr/bin/tug") };
  },
});
