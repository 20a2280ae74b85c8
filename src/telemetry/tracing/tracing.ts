import { setGlobalErrorHandler } from "@opentelemetry/core";
import {
  defaultResource,
  detectResources,
  envDetector,
  resourceFromAttributes,
} from "@opentelemetry/resources";
import type { Sampler } from "@opentelemetry/sdk-trace";
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  BatchSpanProcessor,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from "@opentelemetry/sdk-trace";
import type { Logger } from "pino";
import type { StoreObserver } from "../../contact/store-observer.ts";
import type { CallSpans } from "./call-spans.ts";
import { createCallSpans } from "./call-spans.ts";
import { createExporter, withExportLog } from "./exporter.ts";
import type { TracingSettings } from "./settings.ts";
import type { TracedStore } from "./store-spans.ts";
import { createSpanObserver, withStoreSpans } from "./store-spans.ts";

export interface Tracing {
  readonly calls: CallSpans;
  readonly storeObserver: StoreObserver;
  /** Traces the calls of a store that are not syncs. The observer traces syncs. */
  readonly withStoreSpans: <S extends TracedStore>(store: S) => S;
  /** Exports the spans that are left. Gives up after `limitMs`. Never rejects. */
  stop(limitMs: number): Promise<void>;
}

export interface TracingOptions {
  readonly settings: TracingSettings;
  readonly version: string;
  readonly logger: Logger;
}

/** Starts OpenTelemetry's SDK. Spans are exported in the background, and dropped if the collector is slow. */
export async function startTracing({
  settings,
  version,
  logger,
}: TracingOptions): Promise<Tracing> {
  // The log of the exporter reports the same errors, but once.
  setGlobalErrorHandler(() => {});
  const resource = defaultResource()
    .merge(resourceFromAttributes({ "service.name": "kith", "service.version": version }))
    .merge(detectResources({ detectors: [envDetector] }));
  const exporter = withExportLog(await createExporter(settings.protocol), logger);
  const provider = new TracerProvider({
    resource,
    sampler: samplerOf(settings),
    spanProcessors: [new BatchSpanProcessor({ exporter, ...settings.batch })],
  });
  const tracer = provider.getTracer("kith", version);
  return {
    storeObserver: createSpanObserver(tracer),
    withStoreSpans: (store) => withStoreSpans(store, tracer),
    calls: createCallSpans({ tracer, readsParent: settings.readsParent }),
    async stop(limitMs) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const timer = setTimeout(resolve, limitMs);
      await Promise.race([provider.shutdown().catch(() => {}), promise]);
      clearTimeout(timer);
    },
  };
}

function samplerOf({ sampler, samplerRatio }: TracingSettings): Sampler {
  const root = {
    always_on: () => new AlwaysOnSampler(),
    always_off: () => new AlwaysOffSampler(),
    traceidratio: () => new TraceIdRatioBasedSampler(samplerRatio),
  }[sampler.replace("parentbased_", "") as "always_on" | "always_off" | "traceidratio"]();
  return sampler.startsWith("parentbased_") ? new ParentBasedSampler({ root }) : root;
}
