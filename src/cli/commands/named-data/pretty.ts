import type { dockerApi } from "../../../specs/index.ts";
import { humanSize } from "../../table/sizes.ts";

/** How much of an id is enough to tell containers apart. */
const SHORT = 12;

/** A secret or a config as lines to read. What a config holds comes last, as it is where it is text. */
export function renderNamedData({
  Name,
  Labels,
  CreatedAt,
  Size,
  Containers,
  Data,
}: dockerApi.Config): string {
  const labels = Object.entries(Labels)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => ` - ${name}${value && "="}${value}\n`);
  const ids = Containers.map((id) => id.slice(0, SHORT));
  return [
    renderLine("Name", Name),
    labels.length === 0 ? "" : `Labels:\n${labels.join("")}`,
    renderLine("Created at", CreatedAt),
    renderLine("Size", humanSize(Size)),
    renderLine("Containers", ids.join(", ") || "none"),
    Data === undefined ? "" : `Data:\n${renderText(Data)}`,
  ].join("");
}

function renderLine(title: string, value: string): string {
  return `${`${title}:`.padEnd("Created at:  ".length)}${value}\n`;
}

/** What a terminal would take for commands is not shown. */
function renderText(base64: string): string {
  const bytes = Buffer.from(base64, "base64");
  const text = bytes.toString();
  const isText = Buffer.from(text).equals(bytes) && !/[^\P{Cc}\t\n\r]/u.test(text);
  if (!isText) return "it is no text; see it with: -f '{{.Data}}'\n";
  return text.endsWith("\n") || text === "" ? text : `${text}\n`;
}
