import type { Fault, Reason } from "../../errors.ts";
import { errors } from "../../errors.ts";
import { HistogramSeries } from "./histogram.ts";
import type { HistogramSample, MetricRegistry, Sample } from "./registry.ts";

/** A call that has ended. */
export interface EndedCall {
  readonly method: string;
  readonly protocol: string;
  /** The start of the call, in milliseconds of `performance.now()`. */
  readonly startedAt: number;
  readonly principal: { readonly appName: string } | undefined;
  readonly fault: Fault | undefined;
}

export interface CallMetricsOptions {
  readonly registry: MetricRegistry;
  /** Whether the durations have the name of the app as a label. */
  readonly hasAppLabel: boolean;
  readonly callsInFlight: () => Iterable<{ readonly method: string }>;
}

/** The bounds of OpenTelemetry's conventions, and finer ones for calls of less than 5 ms. In seconds. */
const bounds = [
  ...[0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.075],
  ...[0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10],
];

/** The names of the protocols in OpenTelemetry's conventions. It has none for gRPC-Web and REST. */
const systemNames: Readonly<Record<string, string>> = { connect: "connectrpc" };
/** OpenTelemetry's name of a method that the service does not have. */
const otherMethod = "_OTHER";

/** @returns counts a call when it has ended */
export function createCallMetrics(options: CallMetricsOptions): (call: EndedCall) => void {
  const { registry, hasAppLabel, callsInFlight } = options;
  const durations = new Map<string, Map<string, Map<string, Map<string, HistogramSeries>>>>();
  const samples: HistogramSample[] = [];
  const failures = new Map<Reason, number>(Object.keys(errors).map((name) => [name as Reason, 0]));

  registry.histogram({
    name: "rpc_server_call_duration_seconds",
    help: "Duration of calls, from their headers to the end of their response",
    labels: [
      ...["rpc_method", "rpc_system_name", "rpc_response_status_code"],
      ...(hasAppLabel ? ["app"] : []),
    ],
    bounds,
    read: () => samples,
  });
  registry.counter({
    name: "kith_call_errors_total",
    help: "Calls that failed, by the reason and its HTTP status",
    labels: ["reason", "status"],
    read: () => [...failures].map(failureSample),
  });
  registry.gauge({
    name: "kith_calls_in_flight",
    help: "Calls that have begun and not ended",
    labels: ["rpc_method"],
    read: () => inFlightSamples(callsInFlight()),
  });

  function seriesOf({ method, protocol, principal, fault }: EndedCall): HistogramSeries {
    const code = fault === undefined ? "OK" : fault.row.grpc;
    const app = (hasAppLabel && principal?.appName) || "";
    const byCode = childOf(childOf(childOf(durations, method), protocol), app);
    let series = byCode.get(code);
    if (series === undefined) {
      series = new HistogramSeries(bounds);
      byCode.set(code, series);
      samples.push({ labels: labelsOf({ method, protocol, code, app }, hasAppLabel), series });
    }
    return series;
  }

  return (call) => {
    seriesOf(call).observe((performance.now() - call.startedAt) / 1_000);
    if (call.fault === undefined) return;
    const { reason } = call.fault;
    failures.set(reason, (failures.get(reason) ?? 0) + 1);
  };
}

function childOf<V>(map: Map<string, Map<string, V>>, key: string): Map<string, V> {
  let child = map.get(key);
  if (child === undefined) {
    child = new Map();
    map.set(key, child);
  }
  return child;
}

interface CallLabels {
  readonly method: string;
  readonly protocol: string;
  readonly code: string;
  readonly app: string;
}

function labelsOf({ method, protocol, code, app }: CallLabels, hasAppLabel: boolean) {
  return {
    rpc_method: methodLabel(method),
    rpc_system_name: systemNames[protocol] ?? protocol,
    rpc_response_status_code: code,
    ...(hasAppLabel ? { app } : {}),
  };
}

function methodLabel(method: string): string {
  return method === "unknown" ? otherMethod : method;
}

function failureSample([reason, value]: [Reason, number]): Sample {
  return { labels: { reason, status: String(errors[reason].http) }, value };
}

function inFlightSamples(calls: Iterable<{ readonly method: string }>): Iterable<Sample> {
  const counts = new Map<string, number>();
  for (const { method } of calls) counts.set(method, (counts.get(method) ?? 0) + 1);
  return [...counts].map(([method, value]) => ({
    labels: { rpc_method: methodLabel(method) },
    value,
  }));
}
