import { parseConfig } from "../src/config.ts";
import type { ErrorRow } from "../src/errors.ts";
import { errors } from "../src/errors.ts";
import { createMetrics } from "../src/telemetry/metrics/metrics.ts";
import type { MetricDescription } from "../src/telemetry/metrics/registry.ts";
import { createWorkerMetrics } from "../src/telemetry/metrics/worker-metrics.ts";
import { createOpenApiDocument } from "../src/transport/openapi/document.ts";
import { version } from "../src/version.ts";

/** The files of this directory that are made from the code, by name. A test compares them. */
export const generatedFiles: Readonly<Record<string, string>> = {
  "errors.md": errorsPage(),
  "metrics.md": metricsPage(),
  "openapi.json": openApiText(),
};

/** The document of a service with the default configuration. */
function openApiText(): string {
  const { maxContactsPerRequest } = parseConfig({});
  const document = createOpenApiDocument({
    rules: { maxListEntries: maxContactsPerRequest },
    version,
  });
  return `${JSON.stringify(document, null, 2)}\n`;
}

function errorsPage(): string {
  const rows = Object.entries(errors).map(([reason, row]) => rowOf(reason, row));
  return `# Errors

<!-- \`npm run generate\` makes this page from src/errors.ts. -->

Over gRPC, gRPC-Web, and Connect, the details of an error contain a \`google.rpc.ErrorInfo\` with the domain
\`kith\` and one of these reasons. Its metadata has the \`code\` and the \`field\` of REST. REST responses have the
status, the code, and the message, without the reason.

The messages contain values in place of the words in italics. If an entry of a list is at fault, the message
ends with the entry, as in \`(contacts[3])\`.

"Yes" means: the same request can succeed later, and its repetition changes nothing more. The number is the
\`Retry-After\` in seconds, which \`google.rpc.RetryInfo\` has too. That of \`RATE_LIMITED\` can be longer.

| Reason | gRPC code | HTTP status | REST code | Message | Retry |
|---|---|---|---|---|---|
${rows.join("\n")}
`;
}

function rowOf(reason: string, row: ErrorRow): string {
  const message = row.message.replace(/\{(\w+)\}/g, "*$1*");
  const retry = row.retryAfter === undefined ? retryText(row) : `yes, after ${row.retryAfter} s`;
  return `| \`${reason}\` | \`${row.grpc}\` | ${row.http} | ${row.rest} | ${message} | ${retry} |`;
}

/** A deadline says nothing about the request itself: the next attempt can be in time. */
function retryText({ grpc }: ErrorRow): string {
  return grpc === "DEADLINE_EXCEEDED" ? "yes" : "no";
}

function metricsPage(): string {
  return `# Metrics

<!-- \`npm run generate\` makes this page from src/telemetry/metrics. -->

\`GET /metrics\` returns these metrics in the text format of Prometheus. It needs no Server-Key. No label has
values that callers choose. Counters and histograms count from the start of the process.

A histogram \`NAME\` consists of \`NAME_bucket\`, with the label \`le\`, \`NAME_sum\`, and \`NAME_count\`.

| Metric | Type | Labels | |
|---|---|---|---|
${metricDescriptions().map(metricRow).join("\n")}

The labels of calls have the names of OpenTelemetry's conventions for RPC:

- \`rpc_method\`: the RPC, such as \`contact.v1.ContactService/SyncContacts\`, whatever its protocol. Paths that
  are no RPC have a short name, such as \`readyz\`. Unknown paths are \`_OTHER\`.
- \`rpc_system_name\`: the protocol: \`grpc\`, \`grpc-web\`, \`connectrpc\`, or \`rest\`.
- \`rpc_response_status_code\`: the gRPC code, such as \`OK\`, also over REST.

\`METRICS_APP_LABEL=on\` adds the label \`app\` to \`rpc_server_call_duration_seconds\`: the name of the app, or
empty if the call had no valid Server-Key. The number of time series grows with the number of apps.

The reasons and their HTTP statuses are those of [errors.md](errors.md). The status 429 marks the calls that
were rejected because of overload or of a limit.

## Workers

With [\`WORKERS\`](deployment.md#workers), every worker returns the metrics of the whole service:

- Counters, histograms and gauges are the sums of all workers. Those of the CPU and the memory include the primary.
- Counts of a worker that has ended are kept, as they were when the metrics were last read. So no counter goes back.
- \`kith_database_state\` is 1 for each state that at least one worker sees. \`process_start_time_seconds\` is the
  start of the primary.

There are two more metrics:

${workerMetrics().map(metricItem).join("\n")}

## Alerts and dashboard

[\`docker/prometheus/kith.rules.yml\`](../docker/prometheus/kith.rules.yml) has alerts for a service that does not
respond, a database that is unreachable or accepts no writes, an error budget that is spent too fast, long waits
in the queue, connections that are all in use, rejected calls, slow calls, a blocked event loop, and dropped log
lines. They expect the job name \`kith\`. The objective is that 99.9 % of the calls succeed in 30 days. Change it in
the rules if yours is another one.

[\`docker/grafana/dashboards/kith.json\`](../docker/grafana/dashboards/kith.json) is a dashboard for Grafana, which
can be imported into any Grafana with a data source of Prometheus.
\`docker compose -f docker/compose.yaml --profile monitoring up\` starts both beside the service.
`;
}

function metricDescriptions(): readonly MetricDescription[] {
  const metrics = createMetrics({
    hasAppLabel: false,
    callsInFlight: () => [],
    pool: { totalCount: 0, idleCount: 0, waitingCount: 0, options: { max: 0 } },
    databaseStates: [],
    databaseState: async () => "",
    droppedLogLines: () => 0,
    build: { version, commit: "", node: "" },
  });
  metrics.stop();
  return metrics.descriptions;
}

/** The metrics that only a service with workers has. */
function workerMetrics(): readonly MetricDescription[] {
  const { descriptions } = createWorkerMetrics({
    workers: () => 0,
    replacements: () => [],
    droppedLogLines: () => 0,
  });
  const others = new Set(metricDescriptions().map(({ name }) => name));
  return descriptions.filter(({ name }) => !others.has(name));
}

function metricItem({ name, type, help }: MetricDescription): string {
  return `- \`${name}\` (${type}): ${help}.`;
}

function metricRow({ name, type, labels, help }: MetricDescription): string {
  return `| \`${name}\` | ${type} | ${labels.map((label) => `\`${label}\``).join(", ")} | ${help} |`;
}
