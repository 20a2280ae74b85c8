import type { Comparison, Line, Unit } from "./line.ts";
import { compared, isReached } from "./line.ts";

type Row = readonly string[];

const header: Row = ["measured", "figure", "compared with", "its figure", "ratio", "target", ""];
const rightAligned = new Set([1, 3, 4, 5]);

/** Formats the report as text, with a row for each comparison. */
export function formatTable(lines: readonly Line[]): string {
  const rows = [header, ...lines.flatMap(rowsOf)];
  const widths = header.map((_, n) => Math.max(...rows.map((row) => (row[n] ?? "").length)));
  const format = (row: Row) =>
    row
      .map((cell, n) => {
        const width = widths[n] ?? 0;
        return rightAligned.has(n) ? cell.padStart(width) : cell.padEnd(width);
      })
      .join("  ")
      .trimEnd();
  const rule = widths.map((width) => "-".repeat(width));
  return [header, rule, ...rows.slice(1)].map(format).join("\n");
}

function rowsOf(line: Line): Row[] {
  return line.comparisons.map((comparison, n) => {
    const { name, reference } = comparison;
    const reached = isReached(line, comparison);
    return [
      n === 0 ? line.subject : "",
      n === 0 ? formatFigure(line.value, line.unit) : "",
      name,
      reference === undefined ? "" : formatFigure(reference, line.unit),
      reference ? compared(line, comparison).toFixed(2) : "",
      formatTarget(comparison, line.unit),
      reached === undefined ? "" : reached ? "pass" : "SHORT",
    ];
  });
}

function formatTarget({ reference, atLeast, atMost }: Comparison, unit: Unit): string {
  const limit = atLeast ?? atMost;
  if (limit === undefined) return "";
  const sign = atLeast === undefined ? "<=" : ">=";
  return `${sign} ${reference === undefined ? `${limit} ${unit}` : limit}`;
}

function formatFigure(value: number, unit: Unit): string {
  const digits = value < 100 ? 2 : 0;
  const options = { minimumFractionDigits: digits, maximumFractionDigits: digits };
  return `${value.toLocaleString("en-US", options)} ${unit}`;
}
