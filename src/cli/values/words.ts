import { cliError } from "../errors.ts";

const booleans: Readonly<Record<string, boolean>> = Object.fromEntries([
  ...["1", "t", "T", "TRUE", "true", "True"].map((word) => [word, true]),
  ...["0", "f", "F", "FALSE", "false", "False"].map((word) => [word, false]),
]);

/** @throws CLI_VALUE */
export function readBoolean(text: string): boolean {
  const value = Object.hasOwn(booleans, text) ? booleans[text] : undefined;
  if (value === undefined) throw badValue("it must be true or false");
  return value;
}

/** @throws CLI_VALUE */
export function readWord<W extends string>(text: string, words: readonly W[]): W {
  const word = words.find((known) => known === text);
  if (word === undefined) throw badValue(`it must be one of ${words.join(", ")}`);
  return word;
}

/** The error for a value; the sentence is the reason only, whoever knows the option puts the rest before it. */
export function badValue(reason: string) {
  return cliError("VALUE", reason);
}
