import { describe, expect, test } from "vitest";
import { ConfigError, parseConfig } from "../../../src/config.ts";

const on = { OTEL_TRACES_EXPORTER: "otlp" };

const defaults = {
  protocol: "http/protobuf",
  sampler: "parentbased_always_on",
  samplerRatio: 1,
  readsParent: true,
  batch: {
    scheduledDelayMillis: 5_000,
    exportTimeoutMillis: 30_000,
    maxQueueSize: 2_048,
    maxExportBatchSize: 512,
  },
};

const off: [name: string, env: Record<string, string>][] = [
  ["without variables", {}],
  ["with the exporter none", { OTEL_TRACES_EXPORTER: "none" }],
  ["if the SDK is disabled", { ...on, OTEL_SDK_DISABLED: "true" }],
  [
    "with the exporter none and an endpoint",
    { OTEL_TRACES_EXPORTER: "none", OTEL_EXPORTER_OTLP_ENDPOINT: "http://localhost:4318" },
  ],
];

test.each(off)("calls are not traced %s", (_, env) => {
  expect(parseConfig(env).tracing).toBeUndefined();
});

const asked: [name: string, env: Record<string, string>][] = [
  ["the exporter", on],
  ["an endpoint", { OTEL_EXPORTER_OTLP_ENDPOINT: "http://localhost:4318" }],
  ["a header", { ...on, OTEL_EXPORTER_OTLP_HEADERS: "authorization=Basic%20eA==, x-a = b" }],
  ["an endpoint of traces", { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "http://localhost/v1/traces" }],
];

test.each(asked)("calls are traced if %s is set", (_, env) => {
  expect(parseConfig(env).tracing).toEqual(defaults);
});

test("each variable has its effect", () => {
  const env = {
    ...on,
    OTEL_EXPORTER_OTLP_PROTOCOL: "grpc",
    OTEL_TRACES_SAMPLER: "traceidratio",
    OTEL_TRACES_SAMPLER_ARG: "0.25",
    OTEL_PROPAGATORS: "baggage",
    OTEL_BSP_SCHEDULE_DELAY: "1",
    OTEL_BSP_EXPORT_TIMEOUT: "2",
    OTEL_BSP_MAX_QUEUE_SIZE: "3",
    OTEL_BSP_MAX_EXPORT_BATCH_SIZE: "4",
  };
  expect(parseConfig(env).tracing).toEqual({
    protocol: "grpc",
    sampler: "traceidratio",
    samplerRatio: 0.25,
    readsParent: false,
    batch: {
      scheduledDelayMillis: 1,
      exportTimeoutMillis: 2,
      maxQueueSize: 3,
      maxExportBatchSize: 4,
    },
  });
});

test("the protocol of traces overrides the common one", () => {
  const env = {
    ...on,
    OTEL_EXPORTER_OTLP_PROTOCOL: "grpc",
    OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: "http/protobuf",
  };
  expect(parseConfig(env).tracing?.protocol).toBe("http/protobuf");
});

describe("a variable that is not valid is an error", () => {
  const bad: [name: string, value: string, allowed: string][] = [
    ["OTEL_TRACES_EXPORTER", "zipkin", "must be one of otlp, none"],
    ["OTEL_EXPORTER_OTLP_PROTOCOL", "http/json", "must be one of grpc, http/protobuf"],
    ["OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "x", "must be one of grpc, http/protobuf"],
    ["OTEL_EXPORTER_OTLP_ENDPOINT", "localhost", "must be a URL, such as http://localhost:4318"],
    ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "/x", "must be a URL, such as http://localhost:4318"],
    ["OTEL_EXPORTER_OTLP_ENDPOINT", "ftp://x", "must be a URL, such as http://localhost:4318"],
    ["OTEL_EXPORTER_OTLP_HEADERS", "a=b,c", "must be a list such as name=value,name=value"],
    ["OTEL_EXPORTER_OTLP_TRACES_HEADERS", "a b=c", "must be a list such as name=value,name=value"],
    ["OTEL_EXPORTER_OTLP_TIMEOUT", "-1", "must be a whole number from 1 to 999999999"],
    ["OTEL_EXPORTER_OTLP_COMPRESSION", "zstd", "must be one of gzip, none"],
    ["OTEL_EXPORTER_OTLP_CERTIFICATE", "/none", "must be the name of a file that can be read"],
    ["OTEL_TRACES_SAMPLER", "jaeger_remote", "must be one of always_on, always_off"],
    ["OTEL_TRACES_SAMPLER_ARG", "1.1", "must be a number from 0 to 1"],
    ["OTEL_TRACES_SAMPLER_ARG", "half", "must be a number from 0 to 1"],
    ["OTEL_PROPAGATORS", "b3", "must be a list of tracecontext, baggage, none"],
    ["OTEL_BSP_MAX_QUEUE_SIZE", "0", "must be a whole number from 1 to 999999999"],
    ["OTEL_BSP_SCHEDULE_DELAY", "-1", "must be a whole number from 0 to 999999999"],
  ];
  test.each(bad)("%s=%s", (name, value, allowed) => {
    const parse = () => parseConfig({ ...on, [name]: value });
    expect(parse).toThrow(ConfigError);
    expect(parse).toThrow(`${name} ${allowed}`);
  });
});
