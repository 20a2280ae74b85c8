import type { Variable } from "./variable.ts";
import { notWhole, onAndOff } from "./variable.ts";

/** The variables of the log, metrics, and traces. */
export const telemetryVariables: readonly Variable[] = [
  {
    name: "LOG_LEVEL",
    property: "logLevel",
    fallback: "info",
    good: ["trace", "debug", "info", "warn", "error", "fatal", "silent"].map(
      (level) => [level, level] as const,
    ),
    bad: ["INFO", "verbose", " info"],
    allowed: "one of trace, debug, info, warn, error, fatal, silent",
  },
  {
    name: "LOG_FORMAT",
    property: "logFormat",
    fallback: undefined,
    good: [
      ["json", "json"],
      ["pretty", "pretty"],
    ],
    bad: ["JSON", "text"],
    allowed: "one of json, pretty",
  },
  {
    name: "ACCESS_LOG",
    property: "accessLog",
    fallback: false,
    good: onAndOff,
    bad: ["ON", "true", "1"],
    allowed: "on or off",
  },
  {
    name: "ACCESS_LOG_SAMPLE",
    property: "accessLogSample",
    fallback: 1,
    good: [
      ["0", 0],
      ["0.01", 0.01],
      [".5", 0.5],
      ["1", 1],
      ["1.0", 1],
    ],
    bad: ["1.1", "2", "-0.1", "1e-3", "x", "50%", " 1", "."],
    allowed: "a number from 0 to 1",
  },
  {
    name: "OTEL_TRACES_EXPORTER",
    property: "tracing",
    fallback: undefined,
    // test/unit/telemetry/tracing-settings.test.ts has the other tests.
    good: [],
    bad: ["zipkin"],
    allowed: "one of otlp, none",
  },
  {
    name: "METRICS",
    property: "metrics",
    fallback: true,
    good: onAndOff,
    bad: ["ON", "true", "1", "on "],
    allowed: "on or off",
  },
  {
    name: "METRICS_PORT",
    property: "metricsPort",
    fallback: undefined,
    good: [
      ["0", 0],
      ["9464", 9_464],
      ["65535", 65_535],
    ],
    bad: [...notWhole, "65536"],
    allowed: "a whole number from 0 to 65535",
  },
  {
    name: "METRICS_APP_LABEL",
    property: "metricsAppLabel",
    fallback: false,
    good: onAndOff,
    bad: ["yes"],
    allowed: "on or off",
  },
];
