/** Rows of cells as columns, each as wide as its widest cell and a gap. Nothing follows the last cell of a row. */
export function renderTable(rows: readonly (readonly string[])[], gap: number, narrowest = 0): string {
  const columns = rows[0]?.length ?? 0;
  const widths = Array.from({ length: columns }, (_, column) =>
    Math.max(narrowest, ...rows.map((row) => (row[column] ?? "").length + gap)),
  );
  const line = (row: readonly string[]) =>
    row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("");
  return rows.map((row) => `${line(row).trimEnd()}\n`).join("");
}
