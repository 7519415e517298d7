/** Columns are at least so wide, and so far apart, as in Docker's tables. */
const LEAST_WIDTH = 10;
const GAP = 3;

/**
 * Lines whose cells, separated by tabs, stand in columns. The last cell of a line is not padded.
 *
 * @param text lines that each end with a newline
 */
export function alignColumns(text: string): string {
  const lines = text.split("\n").map((line) => line.split("\t"));
  const widths: number[] = [];
  for (const cells of lines) {
    for (const [index, cell] of cells.slice(0, -1).entries()) {
      widths[index] = Math.max(widths[index] ?? LEAST_WIDTH, widthOf(cell) + GAP);
    }
  }
  const pad = (cell: string, width: number) => cell + " ".repeat(width - widthOf(cell));
  const rendered = lines.map((cells) =>
    cells.map((cell, index) => (index === cells.length - 1 ? cell : pad(cell, widths[index] ?? 0))).join(""),
  );
  return rendered.join("\n");
}

function widthOf(text: string): number {
  return [...text].length;
}
