import { processList } from "../../host/index.ts";
import { processIds } from "../../runtime/index.ts";
import { ociCommand } from "../command.ts";
import { ociCliError } from "../errors.ts";
import { renderTable } from "../table.ts";

/** Lists the processes of a container, with the host's numbers. */
export const ps = ociCommand({
  name: "ps",
  summary: "display the processes running inside a container",
  usage: "<container-id> [ps options]",
  args: [1, Number.POSITIVE_INFINITY],
  flags: {
    format: {
      kind: "text",
      short: "f",
      help: "table (default), in the format of ps -ef, or json: the numbers",
    },
  },
  async action({ flags: { format = "table" }, args: [id = "", ...options] }, environment) {
    if (format !== "table" && format !== "json") {
      throw ociCliError("FLAG", `invalid format option ${format}: use table or json`);
    }
    const pids = await processIds(await environment.runtime(), id);
    if (format === "json") environment.stdout(`${JSON.stringify(pids)}\n`);
    else {
      const { titles, processes } = await processList(pids, options.length > 0 ? options : ["-ef"]);
      environment.stdout(renderTable([titles, ...processes], 1));
    }
    return 0;
  },
});
