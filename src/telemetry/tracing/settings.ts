/** How spans are sampled and exported, from the standard variables of OpenTelemetry. */
export interface TracingSettings {
  readonly protocol: "grpc" | "http/protobuf";
  readonly sampler: SamplerName;
  /** The share of traces that the samplers with a ratio keep, from 0 to 1. */
  readonly samplerRatio: number;
  /** Whether calls continue the traces of their callers. */
  readonly readsParent: boolean;
  /** How spans wait for their export. Times in milliseconds. */
  readonly batch: {
    readonly scheduledDelayMillis: number;
    readonly exportTimeoutMillis: number;
    readonly maxQueueSize: number;
    readonly maxExportBatchSize: number;
  };
}

const samplers = [
  "always_on",
  "always_off",
  "traceidratio",
  "parentbased_always_on",
  "parentbased_always_off",
  "parentbased_traceidratio",
] as const;
export type SamplerName = (typeof samplers)[number];

const protocols = ["grpc", "http/protobuf"] as const;
const exporters = ["otlp", "none"] as const;
const propagators = ["tracecontext", "baggage", "none"] as const;

/** Whether a text is a number from 0 to 1. */
export function isShare(text: string): boolean {
  return /^(\d|\d?\.\d{1,9})$/.test(text) && Number(text) <= 1;
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads the variables of OpenTelemetry. The exporters read those of the collector themselves, such as
 * `OTEL_EXPORTER_OTLP_ENDPOINT`.
 *
 * @param faults receives a line for each variable that is not valid
 * @returns undefined unless the variables ask for an exporter
 */
export function findTracingSettings(
  env: Environment,
  faults: string[],
): TracingSettings | undefined {
  function oneOf<T extends string>(name: string, allowed: readonly T[], fallback: T): T {
    const text = env[name] || fallback;
    const found = allowed.find((value) => value === text);
    if (found === undefined) faults.push(`${name} must be one of ${allowed.join(", ")}`);
    return found ?? fallback;
  }

  function wholeNumber(name: string, least: number, fallback: number): number {
    const text = env[name] || String(fallback);
    if (/^\d{1,9}$/.test(text) && Number(text) >= least) return Number(text);
    faults.push(`${name} must be a whole number from ${least} to 999999999`);
    return fallback;
  }

  function ratio(name: string): number {
    const text = env[name] || "1";
    if (isShare(text)) return Number(text);
    faults.push(`${name} must be a number from 0 to 1`);
    return 1;
  }

  function readsParent(): boolean {
    const names = (env.OTEL_PROPAGATORS || "tracecontext").split(",").map((name) => name.trim());
    if (names.some((name) => !propagators.some((known) => known === name))) {
      faults.push(`OTEL_PROPAGATORS must be a list of ${propagators.join(", ")}`);
    }
    return names.includes("tracecontext");
  }

  const endpoint = env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT || env.OTEL_EXPORTER_OTLP_ENDPOINT;
  const exporter = oneOf("OTEL_TRACES_EXPORTER", exporters, endpoint ? "otlp" : "none");
  if (exporter === "none" || env.OTEL_SDK_DISABLED?.toLowerCase() === "true") return undefined;

  if (endpoint && !URL.canParse(endpoint)) {
    const name = env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT
      ? "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"
      : "OTEL_EXPORTER_OTLP_ENDPOINT";
    faults.push(`${name} must be a URL, such as http://localhost:4318`);
  }
  const common = oneOf("OTEL_EXPORTER_OTLP_PROTOCOL", protocols, "http/protobuf");
  return {
    protocol: oneOf("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", protocols, common),
    sampler: oneOf("OTEL_TRACES_SAMPLER", samplers, "parentbased_always_on"),
    samplerRatio: ratio("OTEL_TRACES_SAMPLER_ARG"),
    readsParent: readsParent(),
    batch: {
      scheduledDelayMillis: wholeNumber("OTEL_BSP_SCHEDULE_DELAY", 0, 5_000),
      exportTimeoutMillis: wholeNumber("OTEL_BSP_EXPORT_TIMEOUT", 1, 30_000),
      maxQueueSize: wholeNumber("OTEL_BSP_MAX_QUEUE_SIZE", 1, 2_048),
      maxExportBatchSize: wholeNumber("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", 1, 512),
    },
  };
}
