import { TugError } from "../../base/index.ts";
import type { Outcome } from "../arguments/command.ts";
import type { CliContext } from "../context.ts";
import { renderFailure } from "../failure.ts";
import { parseTemplate } from "../template/parse.ts";
import { renderTemplate } from "../template/render.ts";
import { write } from "../write.ts";

export type Inspections<T extends object> = {
  readonly context: CliContext;
  readonly names: readonly string[];
  /** Finds what has a name; its failures are told and stop nothing. */
  readonly find: (name: string) => Promise<T>;
  /** `json`, or a template for each. */
  readonly format: string | undefined;
  /** Shows each as text, in the place of a format. */
  readonly render?: ((found: T) => string) | undefined;
};

/** Shows objects by name: what was found goes to stdout, what is missing to stderr. @throws CLI_TEMPLATE */
export async function inspectAll<T extends object>({
  context,
  names,
  find,
  format,
  render,
}: Inspections<T>): Promise<Outcome> {
  const template = format === undefined || format === "json" ? undefined : parseTemplate(format);
  const found: T[] = [];
  let failed = false;
  for (const name of names) {
    try {
      found.push(await find(name));
    } catch (error) {
      if (!(error instanceof TugError)) throw error;
      failed = true;
      await write(context.stderr, renderFailure(error, context));
    }
  }
  const rendered = render
    ? found.map(render).join("\n")
    : template && found.map((object) => `${renderTemplate(template, object, { fixed: true })}\n`).join("");
  const json = () => `${format === "json" ? JSON.stringify(found) : JSON.stringify(found, null, 4)}\n`;
  return { output: rendered ?? json(), exitCode: failed ? 1 : 0 };
}
