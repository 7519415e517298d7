import type * as v from "valibot";

/** What is wrong with a value, to be read after its name: "must be a number, not "x"". */
export function reasonOf(issue: v.BaseIssue<unknown>): string {
  if (issue.kind !== "schema" || issue.expected === null || issue.type === "custom") return issue.message;
  const received = issue.received === "undefined" ? "nothing" : issue.received;
  return `must be ${wordOf(issue.expected)}, not ${received.slice(0, 80)}`;
}

const words: Readonly<Record<string, string>> = {
  string: "a text",
  number: "a number",
  boolean: "true or false",
  Array: "a list",
  Object: "an object",
};

function wordOf(expected: string): string {
  return words[expected] ?? `one of ${expected.replace(/^\((.*)\)$/, "$1").replaceAll(" | ", ", ")}`;
}
