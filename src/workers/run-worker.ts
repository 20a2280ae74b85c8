import type { App } from "../app.ts";
import { createApp } from "../app.ts";
import { parseConfig } from "../config.ts";
import type { LogSink } from "../telemetry/log-sink.ts";
import { createLogger } from "../telemetry/logger.ts";
import { connectToPrimary } from "./primary-link.ts";

export interface RunWorkerOptions {
  readonly env: Parameters<typeof parseConfig>[0];
  readonly sink: LogSink;
}

/** Serves in this process the connections that the primary hands over. The process ends when the primary says so. */
export async function runWorker({ env, sink }: RunWorkerOptions): Promise<void> {
  // A terminal or a supervisor may signal all processes. The primary says when this one stops.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => {});

  let app: App | undefined;
  const primary = await connectToPrimary(async () => {
    const calls = (await app?.close()) ?? [];
    await primary.stopped(
      calls.map(({ requestId, method, protocol }) => ({ requestId, method, protocol })),
    );
    process.exit(0);
  });

  try {
    const config = parseConfig(env);
    const { logLevel: level, logFormat = "auto" } = config;
    const logger = await createLogger({ level, format: logFormat, sink, worker: primary.worker });
    process.on("uncaughtException", (err) => {
      logger.fatal({ err }, "uncaught exception");
      process.exit(1);
    });
    app = await createApp({
      config,
      logger,
      primary,
      droppedLogLines: () => sink.dropped,
      // The primary has the embedded database.
      onFatal: () => {},
    });
    await app.listen();
    primary.ready();
  } catch (error) {
    await primary.failed(error instanceof Error ? error.message : String(error));
    process.exit(1);
  }
}
