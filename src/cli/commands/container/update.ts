import { defineCommand, type Invocation, type Outcome } from "../../arguments/command.ts";
import type { ValuesOf } from "../../arguments/option.ts";
import { cliError } from "../../errors.ts";
import { write } from "../../write.ts";
import { forEachName } from "../for-each-name.ts";
import { createOptions } from "./create-options.ts";
import { nameOptions } from "./option-of-pointer.ts";

const options = {
  "blkio-weight": createOptions["blkio-weight"],
  "cpu-period": createOptions["cpu-period"],
  "cpu-quota": createOptions["cpu-quota"],
  "cpu-shares": createOptions["cpu-shares"],
  cpus: createOptions.cpus,
  "cpuset-cpus": createOptions["cpuset-cpus"],
  "cpuset-mems": createOptions["cpuset-mems"],
  memory: createOptions.memory,
  "memory-reservation": createOptions["memory-reservation"],
  "memory-swap": createOptions["memory-swap"],
  "pids-limit": createOptions["pids-limit"],
  restart: createOptions.restart,
} as const;

export const update = defineCommand({
  path: ["container", "update"],
  aliases: [["update"]],
  summary: "Change limits and restart policy of containers",
  args: { usage: "CONTAINER...", least: 1, completes: "containers" },
  options,
  examples: [
    { line: "tug update -m 1g --cpus 2 web", does: "Give a running container more" },
    {
      line: "tug update --restart unless-stopped $(tug ps -q)",
      does: "Have everything come back after a boot",
    },
  ],
  run: updateContainers,
});

async function updateContainers(invocation: Invocation<ValuesOf<typeof options>>): Promise<Outcome> {
  const { options: values, args, context, given } = invocation;
  if (!(Object.keys(options) as (keyof typeof options)[]).some(given)) {
    throw cliError("USAGE", "cannot update: nothing to change was named", {
      hint: "see 'tug update --help'",
    });
  }
  const { containers } = await invocation.connect();
  return forEachName(context, args, async (name) => {
    const body = {
      BlkioWeight: values["blkio-weight"],
      CpuPeriod: values["cpu-period"],
      CpuQuota: values["cpu-quota"],
      CpuShares: values["cpu-shares"],
      NanoCpus: values.cpus,
      CpusetCpus: values["cpuset-cpus"],
      CpusetMems: values["cpuset-mems"],
      Memory: values.memory,
      MemoryReservation: values["memory-reservation"],
      MemorySwap: values["memory-swap"],
      PidsLimit: values["pids-limit"],
      RestartPolicy: values.restart,
    };
    const { Warnings } = await containers.update(name, body).catch((error) => {
      throw nameOptions(error);
    });
    for (const warning of Warnings) await write(context.stderr, `WARNING: ${warning}\n`);
    return `${name}\n`;
  });
}
