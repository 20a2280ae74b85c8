import type { Environment, Rejected } from "../../environment.ts";
import { createVariableReader, listOf, oneOf, share, wholeNumber } from "../../environment.ts";

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

/** Most milliseconds, and most spans, that a variable of the batch processor can be. */
const most = 999_999_999;

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
  const read = createVariableReader(env, faults);
  const endpoint = ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"].find(
    (name) => env[name],
  );
  const fallback = endpoint === undefined ? "none" : "otlp";
  const exporter = read("OTEL_TRACES_EXPORTER", oneOf(exporters), fallback);
  if (exporter === "none" || env.OTEL_SDK_DISABLED?.toLowerCase() === "true") return undefined;

  if (endpoint !== undefined) read(endpoint, url, undefined);
  const protocol = read("OTEL_EXPORTER_OTLP_PROTOCOL", oneOf(protocols), "http/protobuf");
  return {
    protocol: read("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", oneOf(protocols), protocol),
    sampler: read("OTEL_TRACES_SAMPLER", oneOf(samplers), "parentbased_always_on"),
    samplerRatio: read("OTEL_TRACES_SAMPLER_ARG", share, 1),
    readsParent: read("OTEL_PROPAGATORS", listOf(propagators), ["tracecontext"]).includes(
      "tracecontext",
    ),
    batch: {
      scheduledDelayMillis: read("OTEL_BSP_SCHEDULE_DELAY", wholeNumber(0, most), 5_000),
      exportTimeoutMillis: read("OTEL_BSP_EXPORT_TIMEOUT", wholeNumber(1, most), 30_000),
      maxQueueSize: read("OTEL_BSP_MAX_QUEUE_SIZE", wholeNumber(1, most), 2_048),
      maxExportBatchSize: read("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", wholeNumber(1, most), 512),
    },
  };
}

function url(text: string): string | Rejected {
  return URL.canParse(text) ? text : { allowed: "a URL, such as http://localhost:4318" };
}
