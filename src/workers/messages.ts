import type { QuotaUse } from "../access/rate-limiter.ts";
import type { CutOffCall } from "../app.ts";
import type { PreparedDatabase } from "../database.ts";
import type { PortName } from "../primary.ts";
import type { MetricValues } from "../telemetry/metrics/registry.ts";

/** The argument with which the primary starts a worker. */
export const workerArgument = "--worker";

/** What the primary sends to a worker. */
export type ToWorker =
  | { readonly kind: "start"; readonly worker: number; readonly database: PreparedDatabase }
  /** A socket comes with it, unless the connection is lost. */
  | { readonly kind: "connection"; readonly id: number; readonly port: PortName }
  /** No connection comes after it. */
  | { readonly kind: "port-closed"; readonly port: PortName }
  | { readonly kind: "read-metrics"; readonly id: number }
  /** Answers `get-metrics`. */
  | { readonly kind: "metrics"; readonly id: number; readonly text: string }
  /** What the calls of the other workers have taken. */
  | { readonly kind: "quota-uses"; readonly uses: readonly QuotaUse[] }
  | { readonly kind: "ping" }
  | { readonly kind: "stop" };

/** What a worker sends to the primary. */
export type ToPrimary =
  | { readonly kind: "ready" }
  /** The worker cannot start. */
  | { readonly kind: "failed"; readonly message: string }
  /** The worker has the connection, and has not read from it. */
  | { readonly kind: "accepted"; readonly id: number }
  | { readonly kind: "connections-ended"; readonly count: number }
  | { readonly kind: "close-port"; readonly port: PortName }
  /** Answers `read-metrics`. */
  | { readonly kind: "metric-values"; readonly id: number; readonly values: MetricValues }
  | { readonly kind: "get-metrics"; readonly id: number }
  | { readonly kind: "quota-uses"; readonly uses: readonly QuotaUse[] }
  /** Answers `ping`. */
  | { readonly kind: "pong" }
  | { readonly kind: "stopped"; readonly cutOff: readonly CutOffCall[] };
