import { messageOf } from "../../base/index.ts";
import { containerReports, deleteContainer, type RuntimeContext } from "../../runtime/index.ts";
import { ociCommand } from "../command.ts";
import { ociCliError } from "../errors.ts";

/** Removes what a container has left; with `--regex`, which is crun's, every container whose id fits. */
export const remove = ociCommand({
  name: "delete",
  summary: "delete any resources held by the container",
  usage: "<container-id>",
  args: [1, 1],
  flags: {
    force: { kind: "boolean", short: "f", help: "kill the container first if it still runs (uses SIGKILL)" },
    regex: { kind: "boolean", help: "the id is a regular expression: delete all containers that it fits" },
  },
  async action({ flags, args: [id = ""] }, environment) {
    const context = await environment.runtime();
    if (!flags.regex) {
      await deleteContainer(context, id, flags.force);
      return 0;
    }
    const failed = await deleteAll(context, pattern(id), flags.force);
    for (const [name, error] of failed) environment.logger.log("warn", messageOf(error), { id: name });
    return failed.length === 0 ? 0 : 1;
  },
});

/** One that cannot be deleted keeps no other from it. */
async function deleteAll(
  context: RuntimeContext,
  wanted: RegExp,
  force: boolean,
): Promise<(readonly [id: string, error: unknown])[]> {
  const failed: (readonly [string, unknown])[] = [];
  for (const { id } of await containerReports(context)) {
    if (!wanted.test(id)) continue;
    await deleteContainer(context, id, force).catch((error: unknown) => failed.push([id, error]));
  }
  return failed;
}

function pattern(text: string): RegExp {
  try {
    return new RegExp(text);
  } catch (error) {
    throw ociCliError("FLAG", `invalid regular expression ${JSON.stringify(text)}`, { cause: error });
  }
}
