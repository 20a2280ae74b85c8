import type { Samples } from "../rounds.ts";
import { medianOf } from "../rounds.ts";

/** What the load itself cost: it takes from the same cores as what it measures. */
export function describeGenerator(samples: Samples): string {
  const names = [...samples]
    .filter(([, [first]]) => first?.cpuMicrosPerCall !== undefined)
    .map(([name]) => name);
  const lines = names.map((name) => {
    const micros = medianOf(samples, name, "cpuMicrosPerCall").toFixed(0);
    const share = (medianOf(samples, name, "cpuShare") * 100).toFixed(0);
    return `  ${name}: ${micros} µs a call, ${share} % of a core`;
  });
  return ["Processor time of the load generator:", ...lines].join("\n");
}
