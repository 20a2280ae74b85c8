import type { Line } from "../report/line.ts";
import type { LightFigures } from "../watch/light-figures.ts";
import { lightLines } from "./light-lines.ts";
import type { OverloadRow, OverloadSeries } from "./overload.ts";

/** The offered loads, as multiples of the capacity, that have goals. */
const withGoals = [2, 3];

export function overloadLines({ rows, quiet, beforeMb, afterMb }: OverloadSeries): Line[] {
  const overloaded = rows.filter(({ factor }) => withGoals.includes(factor));
  const subject = `Overload over ${rows[0]?.connections} connections`;
  const peakMb = Math.max(...overloaded.map(({ watched }) => watched.peakMb));
  return [
    ...overloaded.flatMap((row) => rowLines(row, quiet)),
    line(`${subject}, peak memory above that before`, peakMb - beforeMb, "MB", 150),
    line(`${subject}, memory afterwards above that before`, afterMb - beforeMb, "MB", 50),
  ];
}

function rowLines(row: OverloadRow, quiet: LightFigures): Line[] {
  const { connections, factor, capacity, load, watched } = row;
  const name = `${factor}x load over ${connections} connections`;
  return [
    {
      subject: `${name}, served`,
      value: load.callsPerSecond,
      unit: "requests/s",
      comparisons: [{ name: "closed loop", reference: capacity, atLeast: 0.8 }],
    },
    line(`${name}, served, p99`, load.sentP99Ms, "ms", 1_000),
    line(`${name}, rejected, p99`, load.failureP99Ms, "ms", 1_000),
    line(`${name}, /livez p99`, watched.light.livezP99Ms, "ms", 300),
    line(`${name}, until the light app is normal again`, watched.recoveryMs, "ms", 1_000),
    ...lightLines({ name, light: watched.light, quiet }),
  ];
}

function line(subject: string, value: number, unit: "ms" | "MB", atMost: number): Line {
  return { subject, value, unit, comparisons: [{ name: "", atMost }] };
}
