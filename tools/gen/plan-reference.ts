import { definitionOf, lists, opNames, tableHash } from "../../src/plan/index.ts";

/** The reference page of the plan's vocabulary. */
export function planReference(): string {
  const lines = [
    "# Plan reference",
    "",
    "Made from `src/plan/ops.ts` by `npm run gen`. A plan is three flat lists of these ops; see",
    "[architecture.md](architecture.md) for how it is written, checked and executed.",
    "",
    `Table hash: \`${tableHash}\``,
    "",
    "`hostPath` fields are resolved in the caller's file system, `rootPath` fields inside the container's root with",
    "`openat2(RESOLVE_IN_ROOT)` at the moment of use. `in`, `ins` and `out` fields are descriptor slots: written once, then read.",
    "Every op also has `from` (the JSON pointer it comes from, kept on the TypeScript side) and `ignore` (errno values that are",
    "no failure).",
    "",
  ];
  for (const name of opNames) {
    const { doc, source, legal, fields } = definitionOf(name);
    const places = lists.flatMap((list) => (legal[list] ?? []).map((phase) => `${list}/${phase}`));
    lines.push(`## ${name}`, "", doc, "", `Legal in: ${places.join(", ")}. Source: ${source}.`, "");
    const rows = Object.entries(fields);
    if (rows.length > 0) {
      lines.push("| field | type | meaning |", "| --- | --- | --- |");
      for (const [key, { type, doc: meaning, optional }] of rows) {
        lines.push(`| ${key} | ${type}${optional ? ", optional" : ""} | ${meaning.replaceAll("|", "\\|")} |`);
      }
      lines.push("");
    }
  }
  return `${lines.join("\n").trimEnd()}\n`;
}
