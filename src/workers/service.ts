import type { App, AppOptions } from "../app.ts";
import type { OpenDatabase } from "../database.ts";
import { createBootstrapKey, openDatabase } from "../database.ts";
import type { PortName } from "../primary.ts";
import { createPool } from "../storage/database.ts";
import type { Port } from "../transport/port.ts";
import { createPort } from "../transport/port.ts";
import type { Crew } from "./crew.ts";
import { createCrew } from "./crew.ts";
import { createDistributor } from "./distributor.ts";
import type { ToPrimary } from "./messages.ts";
import type { MetricsCollector } from "./metrics-collector.ts";
import { createMetricsCollector } from "./metrics-collector.ts";
import type { WorkerProcess } from "./worker-process.ts";

/** Time that a worker gets to end beyond the timeouts of the configuration, in milliseconds. */
const spareMs = 5_000;

/**
 * Creates a service of several processes. This one, the primary, owns the database and the ports, and hands each
 * connection to a worker. Cluster's own scheduling is not used: it would lose connections that are on their way to
 * a worker that stops or dies, and close the port while no worker runs.
 *
 * @throws as `createApp` does
 */
export async function createWorkers(options: AppOptions): Promise<App> {
  const { config, logger } = options;
  await using stack = new AsyncDisposableStack();
  const database = stack.use(await openDatabase(options));
  await createKey(options, database);
  const { connectionString, schema, shardRows } = database;

  const distributor = createDistributor();
  const ports: Record<PortName, Port> = {
    service: createPort({ pauseOnConnect: true }),
    monitoring: createPort({ pauseOnConnect: true }),
  };
  const listenOn = (name: PortName, port: number) =>
    ports[name].listen({ host: config.host, port }, (socket) => {
      socket.on("error", () => {});
      distributor.distribute(socket, name);
    });

  let closing: Promise<void> | undefined;
  async function closePort(worker: WorkerProcess, name: PortName): Promise<void> {
    // `/metrics` can be read until the last worker has stopped.
    if (name === "monitoring") distributor.closePort(worker, name);
    else {
      closing ??= ports.service.close();
      await closing;
    }
    worker.send({ kind: "port-closed", port: name });
  }

  function onMessage(worker: WorkerProcess, message: ToPrimary): void {
    if (message.kind === "accepted") distributor.accepted(worker, message.id);
    else if (message.kind === "connections-ended") distributor.release(worker, message.count);
    else if (message.kind === "close-port") void closePort(worker, message.port);
    else if (message.kind === "metric-values") metrics?.receive(worker, message.id, message.values);
    else if (message.kind === "get-metrics") void sendMetrics(worker, message.id);
    else if (message.kind === "quota-uses") {
      for (const other of crew.ready) if (other !== worker) other.send(message);
    }
  }

  async function sendMetrics(worker: WorkerProcess, id: number): Promise<void> {
    const text = await metrics?.text();
    if (text !== undefined) worker.send({ kind: "metrics", id, text });
  }

  let metrics: MetricsCollector | undefined;
  const crew = createCrew({
    count: config.workers,
    database: { connectionString, schema, shardRows },
    logger,
    onReady: distributor.add,
    onLost(worker) {
      distributor.remove(worker);
      metrics?.retire(worker);
    },
    onResponsive: distributor.setResponsive,
    onMessage,
  });
  stack.defer(() => crew.kill());
  if (config.metrics) metrics = await collectMetrics(crew, options);
  await crew.started();

  const resources = stack.move();
  return {
    demoKey: config.bootstrapServerKey === undefined ? database.demoKey : undefined,
    async listen() {
      const address = await listenOn("service", config.port);
      const { metricsPort } = config;
      const monitoring =
        metricsPort === undefined ? address : await listenOn("monitoring", metricsPort);
      return { ...address, monitoring };
    },
    async close() {
      const { drainDelayMs, shutdownTimeoutMs, requestTimeoutMs } = config;
      try {
        return await crew.stop(drainDelayMs + shutdownTimeoutMs + requestTimeoutMs + spareMs);
      } finally {
        await resources.disposeAsync();
      }
    },
  };
}

/** Creates the Server-Key of the configuration, with a connection that ends. */
async function createKey({ config, logger }: AppOptions, database: OpenDatabase): Promise<void> {
  const { connectionString, schema, demoKey } = database;
  await using stack = new AsyncDisposableStack();
  const pool = createPool({
    connectionString,
    schema,
    poolSize: 1,
    prepares: config.databasePrepare,
    timeoutMs: config.requestTimeoutMs,
    onConnectionLost: (err) => logger.warn({ err }, "a database connection was lost"),
  });
  stack.defer(() => pool.end());
  await createBootstrapKey({ config, logger, pool, demoKey });
}

async function collectMetrics(
  crew: Crew,
  { droppedLogLines = () => 0 }: AppOptions,
): Promise<MetricsCollector> {
  const [{ mergeMetrics, sumCounts }, { createWorkerMetrics }] = await Promise.all([
    import("../telemetry/metrics/merge.ts"),
    import("../telemetry/metrics/worker-metrics.ts"),
  ]);
  const { values } = createWorkerMetrics({
    workers: () => crew.ready.size,
    replacements: () =>
      Object.entries(crew.replacements).map(([reason, value]) => ({ labels: { reason }, value })),
    droppedLogLines,
  });
  return createMetricsCollector({
    workers: crew.ready,
    own: values,
    merge: mergeMetrics,
    sumCounts,
  });
}
