import type { ExportResult } from "@opentelemetry/core";
import { ExportResultCode } from "@opentelemetry/core";
import type { ReadableSpan, SpanExporter } from "@opentelemetry/sdk-trace";
import type { Logger } from "pino";
import type { TracingSettings } from "./settings.ts";

/** The exporter of OTLP. It reads the variables of the collector. */
export async function createExporter(protocol: TracingSettings["protocol"]): Promise<SpanExporter> {
  if (protocol === "grpc") {
    const { OTLPTraceExporter } = await import("@opentelemetry/exporter-trace-otlp-grpc");
    return new OTLPTraceExporter();
  }
  const { OTLPTraceExporter } = await import("@opentelemetry/exporter-trace-otlp-proto");
  return new OTLPTraceExporter();
}

/**
 * Logs the first of several exports in a row that fail, and the first that succeeds again. The spans of an
 * export that fails are lost.
 */
export function withExportLog(exporter: SpanExporter, logger: Logger): SpanExporter {
  let isFailing = false;

  function note({ code, error }: ExportResult): void {
    const hasFailed = code !== ExportResultCode.SUCCESS;
    if (hasFailed && !isFailing) logger.warn({ err: error }, "spans cannot be exported");
    if (!hasFailed && isFailing) logger.info("spans are exported again");
    isFailing = hasFailed;
  }

  return {
    export(spans: ReadableSpan[], callback: (result: ExportResult) => void) {
      exporter.export(spans, (result) => {
        note(result);
        callback(result);
      });
    },
    shutdown: () => exporter.shutdown(),
    forceFlush: () => exporter.forceFlush?.() ?? Promise.resolve(),
  };
}
