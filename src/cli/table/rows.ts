import { templateFunctions } from "../template/functions.ts";
import { parseTemplate } from "../template/parse.ts";
import { renderTemplate } from "../template/render.ts";
import { alignColumns } from "./align.ts";

/** What a list shows of its items: field of templates to heading and value. A value may be a function of a name. */
export type Columns<T> = Readonly<Record<string, Column<T>>>;

export type Column<T> = {
  readonly heading: string;
  value(item: T): string | ((name: string) => string);
};

export type RowsOptions = {
  /** `--format`: `json`, `table`, `table TEMPLATE` or a template. */
  readonly format?: string | undefined;
  /** The template of the default table. */
  readonly table: string;
  /** Print this field only, one a line. */
  readonly only?: string | undefined;
};

/**
 * A list as text, one item a line.
 *
 * @throws CLI_TEMPLATE
 */
export function renderRows<T>(items: readonly T[], columns: Columns<T>, options: RowsOptions): string {
  const { format = "table", table, only } = options;
  if (only !== undefined) return renderLines(items, columns, `{{.${only}}}`);
  if (format === "json") return items.map((item) => `${JSON.stringify(textsOf(item, columns))}\n`).join("");
  if (format === "table") return renderTable(items, columns, table);
  if (format.startsWith("table "))
    return renderTable(items, columns, readEscapes(format.slice("table ".length).trim()));
  return renderLines(items, columns, readEscapes(format));
}

function renderLines<T>(items: readonly T[], columns: Columns<T>, source: string): string {
  const template = parseTemplate(source);
  return items.map((item) => `${renderTemplate(template, rowOf(item, columns), { fixed: true })}\n`).join("");
}

function renderTable<T>(items: readonly T[], columns: Columns<T>, source: string): string {
  const template = parseTemplate(source);
  const heading = renderTemplate(template, headingsOf(columns), { fixed: true, functions: headingFunctions });
  return alignColumns(`${heading}\n${renderLines(items, columns, source)}`);
}

/** Shells do not turn these into what they stand for. */
function readEscapes(format: string): string {
  return format.replaceAll("\\t", "\t").replaceAll("\\n", "\n");
}

function rowOf<T>(item: T, columns: Columns<T>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(columns).map(([name, column]) => [name, column.value(item)]));
}

function textsOf<T>(item: T, columns: Columns<T>): Record<string, unknown> {
  const row = Object.entries(rowOf(item, columns)).filter(([, value]) => typeof value === "string");
  return Object.fromEntries(row.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

function headingsOf<T>(columns: Columns<T>): Record<string, unknown> {
  const headings = Object.entries(columns).map(([name, column]) => [name, column.heading || headingOfName]);
  return Object.fromEntries(headings);
}

/** The heading of a column for one label: the last part of the label's name. */
function headingOfName(name: string): string {
  return (name.split(".").at(-1) ?? "").replace(/[-_]/g, " ").toUpperCase();
}

/** In headings the functions that change a value leave it as it is. */
const headingFunctions = {
  ...templateFunctions,
  ...Object.fromEntries(
    ["json", "split", "join", "title", "lower", "upper", "truncate"].map((name) => [name, first]),
  ),
};

function first(...values: unknown[]): unknown {
  return values[0];
}
