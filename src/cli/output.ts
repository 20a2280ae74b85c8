/** Prints a result as one line of JSON, or as text. */
export function print(json: boolean | undefined, value: unknown, text: string): void {
  console.log(json ? JSON.stringify(value) : text);
}

/** The fields of an object, one on a line. */
export function details(value: Readonly<Record<string, unknown>>): string {
  const width = Math.max(...Object.keys(value).map((name) => name.length)) + 2;
  return Object.entries(value)
    .map(([name, field]) => `${name.padEnd(width)}${show(field)}`)
    .join("\n");
}

/** Objects with the same fields, as the rows of a table with a header. */
export function table(rows: readonly Readonly<Record<string, unknown>>[]): string {
  const [first] = rows;
  if (first === undefined) return "none";
  const columns = Object.keys(first);
  const lines = [columns, ...rows.map((row) => columns.map((column) => show(row[column])))];
  const widths = columns.map((_, n) => Math.max(...lines.map((line) => line[n]?.length ?? 0)));
  return lines
    .map((line) =>
      line
        .map((cell, n) => cell.padEnd(widths[n] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

function show(value: unknown): string {
  if (value instanceof Date) return value.toISOString();
  return value === null ? "-" : String(value);
}
