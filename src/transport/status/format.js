/** What the page shows in place of a missing value. */
export const none = "–";

/** Formats a value for people: null is shown as a dash. */
function format(digitsOf) {
  return (value) => (value === null || value === undefined ? none : digitsOf(value));
}

function digits(value, most) {
  return value.toLocaleString("en-US", { maximumFractionDigits: most });
}

export const number = format((value) => digits(value, decimals(value)));
export const perSecond = format((value) => `${number(value)}/s`);
export const percent = format((value) => `${digits(value * 100, value < 0.1 ? 1 : 0)} %`);
export const megabytes = format((value) => `${digits(value, 0)} MB`);

function decimals(value) {
  if (Math.abs(value) >= 10) return 0;
  return Math.abs(value) >= 1 ? 1 : 2;
}

/** A duration of seconds. */
export const duration = format((seconds) => {
  const milliseconds = seconds * 1_000;
  if (milliseconds < 1) return `${digits(milliseconds, 2)} ms`;
  if (milliseconds < 1_000) return `${digits(milliseconds, milliseconds < 10 ? 1 : 0)} ms`;
  return `${digits(seconds, 1)} s`;
});

/** A long duration of seconds, in its two largest units. */
export function uptime(seconds) {
  const units = [
    ["d", 86_400],
    ["h", 3_600],
    ["min", 60],
    ["s", 1],
  ];
  let left = Math.max(0, Math.floor(seconds));
  const parts = [];
  for (const [unit, size] of units) {
    const count = Math.floor(left / size);
    left -= count * size;
    if (count > 0 || parts.length > 0 || unit === "s") parts.push(`${count} ${unit}`);
  }
  return parts.slice(0, 2).join(" ");
}
