import type { Samples } from "../rounds.ts";
import { medianOf } from "../rounds.ts";

/** Describes the cost of the load generator, which runs on the same cores as the services. */
export function describeGenerator(samples: Samples): string {
  const names = [...samples]
    .filter(([, [first]]) => first?.cpuMicrosPerCall !== undefined)
    .map(([name]) => name);
  const lines = names.map((name) => {
    const micros = medianOf(samples, name, "cpuMicrosPerCall").toFixed(0);
    const share = (medianOf(samples, name, "cpuShare") * 100).toFixed(0);
    return `  ${name}: ${micros} µs per call, ${share} % of a core`;
  });
  return ["CPU time of the load generator:", ...lines].join("\n");
}
