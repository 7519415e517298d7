import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import type { dockerApi } from "../../../specs/index.ts";
import { defineCommand, type Outcome } from "../../arguments/command.ts";
import { choice } from "../../arguments/option.ts";
import { buildCreateBody } from "../container/create-body.ts";
import { createOptions } from "../container/create-options.ts";
import { nameOptions } from "../container/option-of-pointer.ts";

const format = choice("FORM", "How to show the plan", { words: ["text", "json", "digest"] });

export const explain = defineCommand({
  path: ["explain"],
  aliases: [],
  summary: "Show step by step what the kernel is asked to do for a container",
  args: { usage: "CONFIG.JSON|CONTAINER", least: 1, most: 1, completes: "containers" },
  options: { format },
  examples: [
    { line: "tug explain run --memory 100m debian", does: "See what a run would do, without doing it" },
    { line: "tug explain bundle/config.json", does: "See what an OCI runtime does for a bundle" },
    { line: "tug explain web", does: "See what was done for a container" },
  ],
  async run({ options, args: [name = ""], connect, context, signal }) {
    const path = resolve(context.cwd, name);
    const isFile = await stat(path).then(
      (found) => found.isFile(),
      () => false,
    );
    // A name with a slash or with .json is no container: then the error is about the file.
    if (isFile || name.includes("/") || name.endsWith(".json")) {
      return renderPlan(await context.explainConfig(path), options.format);
    }
    return renderPlan(await (await connect()).tug.planOf(name, { signal }), options.format);
  },
});

export const explainRun = defineCommand({
  path: ["explain", "run"],
  aliases: [],
  summary: "Show what 'tug run' would do, with the same options",
  args: { usage: "IMAGE [COMMAND] [ARG...]", least: 1, optionsFirst: true, completes: "images" },
  options: { ...createOptions, format },
  examples: [
    { line: "tug explain run --cap-drop ALL debian true", does: "See where a capability is dropped" },
  ],
  failureCode: 125,
  async run({ options, given, args, context, connect, signal }) {
    const body = await buildCreateBody({ values: options, given, args, context });
    const client = await connect("plans");
    const { name, platform } = options;
    const plan = await client.tug.explain(body, { name, platform, signal }).catch((error) => {
      throw nameOptions(error);
    });
    return renderPlan(plan, options.format);
  },
});

function renderPlan(plan: dockerApi.ExplainedPlan, form: "text" | "json" | "digest" = "text"): Outcome {
  if (form === "json") return { output: `${JSON.stringify(plan.Plan, null, 2)}\n` };
  if (form === "digest") return { output: `${plan.Digest}\n` };
  return { output: `${plan.Text.trimEnd()}\n\ndigest ${plan.Digest}\n` };
}
