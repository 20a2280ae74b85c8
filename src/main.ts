import type { AddressInfo } from "node:net";
import type { createApp } from "./app.ts";
import type { Config } from "./config.ts";
import { ConfigError, parseConfig } from "./config.ts";
import { stopWithNpm } from "./npm-watch.ts";
import { startupMessage } from "./startup-message.ts";
import { createLogSink } from "./telemetry/log-sink.ts";
import { createLogger } from "./telemetry/logger.ts";
import { workerArgument } from "./workers/messages.ts";

const sink = createLogSink(1);
if (process.argv.includes(workerArgument)) {
  const { runWorker } = await import("./workers/run-worker.ts");
  await runWorker({ env: process.env, sink });
} else {
  const config = readConfig();
  if (process.argv.includes("--check-config")) {
    // The compile cache of the image has them too.
    await Promise.all([import("./workers/service.ts"), import("./workers/run-worker.ts")]);
    sink.write("The configuration is valid\n");
    process.exit();
  }
  await serve(config);
}

async function serve(config: Config): Promise<void> {
  const logger = await createLogger({
    level: config.logLevel,
    format: config.logFormat ?? "auto",
    sink,
  });
  const die = (err: unknown, message: string): never => {
    logger.fatal({ err }, message);
    process.exit(1);
  };
  process.on("uncaughtException", (err) => die(err, "uncaught exception"));
  stopWithNpm(process.env);

  try {
    const create = await findCreate(config);
    const app = await create({
      config,
      logger,
      droppedLogLines: () => sink.dropped,
      onFatal: (message) => die(new Error(message), "the embedded database ended"),
    });
    let isStopping = false;
    const stop = async (signal: string) => {
      // At a terminal, Ctrl-C reaches the process twice: from the terminal and from npm.
      if (isStopping) return;
      isStopping = true;
      logger.info({ signal }, "stopping");
      const cutOff = await app.close();
      for (const { requestId, method } of cutOff) logger.error({ requestId, method }, "cut off");
      logger.info({ cutOff: cutOff.length }, "stopped");
      process.exit(cutOff.length === 0 ? 0 : 1);
    };
    // A terminal that is closed sends SIGHUP.
    for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"]) {
      process.on(signal, () => stop(signal).catch((err) => die(err, "could not stop cleanly")));
    }

    const { address, port, monitoring } = await app.listen();
    logger.info({ host: address, port }, "listening");
    const scheme = config.tls === undefined ? "http" : "https";
    // A port of its own has no TLS.
    const monitoringScheme = config.metricsPort === undefined ? scheme : "http";
    sink.write(
      startupMessage({
        url: urlOf(scheme, { address, port }),
        key: app.demoKey,
        docs: config.docs,
        statusUrl: config.metrics ? `${urlOf(monitoringScheme, monitoring)}/status` : undefined,
      }),
    );
  } catch (err) {
    // The person at the terminal needs the cause only. The log has the rest.
    printError(`Kith cannot start: ${err instanceof Error ? err.message : err}`);
    die(err, "cannot start");
  }
}

/** Loads only what this process needs. */
async function findCreate({ workers }: Config): Promise<typeof createApp> {
  if (workers === 1) return (await import("./app.ts")).createApp;
  return (await import("./workers/service.ts")).createWorkers;
}

function urlOf(scheme: string, { address, port }: Pick<AddressInfo, "address" | "port">): string {
  return `${scheme}://${address.includes(":") ? `[${address}]` : address}:${port}`;
}

function readConfig(): Config {
  try {
    return parseConfig(process.env);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    printError(error.message);
    process.exit(1);
  }
}

function printError(message: string): void {
  createLogSink(2).write(`${message}\n`);
}
