import type { dockerApi } from "../../../specs/index.ts";
import { defineCommand } from "../../arguments/command.ts";
import { text } from "../../arguments/option.ts";
import { binarySize } from "../../table/sizes.ts";
import { parseTemplate } from "../../template/parse.ts";
import { renderTemplate } from "../../template/render.ts";

export const info = defineCommand({
  path: ["system", "info"],
  aliases: [["info"]],
  summary: "Show what the engine and the machine can do",
  args: { usage: "", least: 0, most: 0 },
  repeatable: true,
  options: { format: text("FORMAT", "json, or a template", { short: "f" }) },
  examples: [{ line: "tug info -f '{{.CgroupVersion}}'", does: "Print one fact about the machine" }],
  async run({ options: { format }, connect }) {
    const facts = await (await connect()).system.info();
    if (format === "json") return { output: `${JSON.stringify(facts)}\n` };
    if (format !== undefined)
      return { output: `${renderTemplate(parseTemplate(format), facts, { fixed: true })}\n` };
    return { output: renderInfo(facts) };
  },
});

function renderInfo(facts: dockerApi.SystemInfo): string {
  const lines: [name: string, value: string | number][] = [
    ["Containers", facts.Containers],
    [" Running", facts.ContainersRunning],
    [" Paused", facts.ContainersPaused],
    [" Stopped", facts.ContainersStopped],
    ["Images", facts.Images],
    ["Engine version", facts.ServerVersion],
    ["Snapshotter", facts.Driver],
    ...facts.DriverStatus.map(([name, value]): [string, string] => [` ${name}`, value]),
    ["Log driver", facts.LoggingDriver],
    ["Cgroup driver", facts.CgroupDriver],
    ["Cgroup version", facts.CgroupVersion],
    ["Runtimes", Object.keys(facts.Runtimes).join(", ")],
    ["Default runtime", facts.DefaultRuntime],
    ["Security options", facts.SecurityOptions.join(", ")],
    ["CDI directories", facts.CDISpecDirs.join(", ")],
    ["Devices", facts.DiscoveredDevices.map(({ ID }) => ID).join(", ")],
    ["Kernel version", facts.KernelVersion],
    ["Operating system", facts.OperatingSystem],
    ["Architecture", facts.Architecture],
    ["CPUs", facts.NCPU],
    ["Total memory", binarySize(facts.MemTotal)],
    ["Name", facts.Name],
    ["ID", facts.ID],
    ["Root directory", facts.DockerRootDir],
  ];
  const warnings = facts.Warnings.map((warning) => `WARNING: ${warning}\n`);
  return lines.map(([name, value]) => `${name}: ${value}\n`).join("") + warnings.join("");
}
