import { badValue } from "./words.ts";

/**
 * The fields of one line of comma-separated values; a field in double quotes may hold commas and doubled quotes.
 * Source: https://www.rfc-editor.org/rfc/rfc4180#section-2
 *
 * @throws CLI_VALUE
 */
export function readCsv(line: string): string[] {
  const fields: string[] = [];
  let at = 0;
  do {
    const quoted = /^"((?:[^"]|"")*)"(?=,|$)/.exec(line.slice(at));
    const plain = quoted === null ? /^[^",]*(?=,|$)/.exec(line.slice(at)) : null;
    const found = quoted ?? plain;
    if (found === null) throw badValue("a quote is not at the beginning and end of a field");
    fields.push(quoted === null ? found[0] : (quoted[1] ?? "").replaceAll('""', '"'));
    at += found[0].length + 1;
  } while (at <= line.length);
  return fields;
}
