import { readConfig } from "../../config/index.ts";
import type { CriuSearch } from "../../runtime/index.ts";
import { engineError } from "../errors.ts";
import { findProgram, trustedProgram } from "../runtimes/trusted-program.ts";

/** Where a program is looked for that is named without a path. */
const usualPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/**
 * How criu is found by what the configuration says now. Which program that is nobody but root decides.
 *
 * @param file of the configuration; undefined: the usual one
 * @throws CONFIG_FILE, ENGINE_HANDLER for a program that others than root may write to
 */
export async function configuredCriu(file: string | undefined): Promise<CriuSearch> {
  const { criu: asked = "criu" } = await readConfig(file);
  const env = { PATH: process.env.PATH ?? usualPath };
  const search = { cwd: "/", env, howToSay: "criu: in /etc/tug/config.yaml", path: asked };
  const found = asked.startsWith("/") ? asked : await findProgram(asked, env.PATH);
  if (found === undefined) return search;
  const { reason } = await trustedProgram(found);
  // One that is not there is told of by whoever calls it.
  if (reason === undefined || reason.includes("no such file")) return { ...search, path: found };
  throw engineError("HANDLER", `cannot use criu: ${reason}`, {
    hint: "root runs it: nobody else may be able to change it",
  });
}
