import { templateError } from "./lex.ts";
import { show } from "./show.ts";

/**
 * The text of a format with the verbs %s %v %d %q %x %t %f %%, flags `-` and `0`, width and precision.
 * Source: https://pkg.go.dev/fmt@go1.24.0#hdr-Printing
 */
export function formatVerbs(format: string, values: readonly unknown[]): string {
  const rest = [...values];
  return format.replace(
    /%([-0]*)(\d{1,4})?(?:\.(\d{1,4}))?(.)/gs,
    (_, flags: string, width, precision, verb: string) => {
      if (verb === "%") return "%";
      if (rest.length === 0) throw templateError(`printf has no value for %${verb}`);
      const text = formatValue(verb, rest.shift(), precision === undefined ? undefined : Number(precision));
      const size = Number(width ?? 0);
      if (flags.includes("-")) return text.padEnd(size);
      return text.padStart(size, flags.includes("0") && !Number.isNaN(Number(text)) ? "0" : " ");
    },
  );
}

function formatValue(verb: string, value: unknown, precision: number | undefined): string {
  switch (verb) {
    case "s":
    case "v":
      return precision === undefined ? show(value) : show(value).slice(0, precision);
    case "t":
    case "d":
      return show(value);
    case "q":
      return JSON.stringify(show(value));
    case "x":
      return typeof value === "number" ? value.toString(16) : Buffer.from(show(value)).toString("hex");
    case "f":
      return Number(value).toFixed(precision ?? 6);
    default:
      throw templateError(`printf does not know %${verb}`);
  }
}
