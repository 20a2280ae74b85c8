import type { App } from "./app.ts";
import { createApp } from "./app.ts";
import { parseConfig } from "./config.ts";
import { createLogSink } from "./telemetry/log-sink.ts";
import { createLogger } from "./telemetry/logger.ts";
import { connectToPrimary } from "./workers/primary-link.ts";

// A terminal or a supervisor may signal all processes. The primary says when this one stops.
process.on("SIGINT", () => {});
process.on("SIGTERM", () => {});

let app: App | undefined;
const primary = await connectToPrimary(stop);
const sink = createLogSink(1);
const config = parseConfig(process.env);
const logger = await createLogger({
  level: config.logLevel,
  format: config.logFormat ?? "auto",
  sink,
  worker: primary.worker,
});

process.on("uncaughtException", (err) => {
  logger.fatal({ err }, "uncaught exception");
  process.exit(1);
});

try {
  app = await createApp({
    config,
    logger,
    primary,
    droppedLogLines: () => sink.dropped,
    onFatal: () => {},
  });
  await app.listen();
  primary.ready();
} catch (error) {
  await primary.failed(error instanceof Error ? error.message : String(error));
  process.exit(1);
}

async function stop(): Promise<void> {
  const calls = (await app?.close()) ?? [];
  await primary.stopped(
    calls.map(({ requestId, method, protocol }) => ({ requestId, method, protocol })),
  );
  process.exit(0);
}
