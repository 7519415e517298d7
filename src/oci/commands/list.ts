import { type ContainerReport, containerReports } from "../../runtime/index.ts";
import { ociCommand } from "../command.ts";
import { ociCliError } from "../errors.ts";
import { renderTable } from "../table.ts";

/** Lists the containers below the root directory. */
export const list = ociCommand({
  name: "list",
  summary: "list containers started with the given root",
  usage: "",
  args: [0, 0],
  flags: {
    format: { kind: "text", short: "f", help: "table (default) or json" },
    quiet: { kind: "boolean", short: "q", help: "display only container IDs" },
  },
  async action({ flags }, environment) {
    const reports = await containerReports(await environment.runtime());
    const format = flags.format ?? "table";
    if (flags.quiet) environment.stdout(reports.map(({ id }) => `${id}\n`).join(""));
    else if (format === "json") environment.stdout(`${JSON.stringify(reports)}\n`);
    else if (format === "table") environment.stdout(table(reports));
    else throw ociCliError("FLAG", `invalid format option ${format}: use table or json`);
    return 0;
  },
});

function table(reports: readonly ContainerReport[]): string {
  const rows = reports.map(({ id, pid, status, bundle, created, owner }) => [
    id,
    String(pid),
    status,
    bundle,
    created,
    owner,
  ]);
  return renderTable([["ID", "PID", "STATUS", "BUNDLE", "CREATED", "OWNER"], ...rows], 3, 12);
}
