import type { DestinationStream, Logger } from "pino";
import pino from "pino";

export const logLevels = ["trace", "debug", "info", "warn", "error", "fatal", "silent"] as const;
export type LogLevel = (typeof logLevels)[number];

export interface LoggerOptions {
  readonly level: LogLevel;
  /** For people at a terminal; needs the optional pino-pretty, else the lines stay JSON. */
  readonly pretty: boolean;
}

/** Logs to standard output, one JSON object a line. */
export async function createLogger({ level, pretty }: LoggerOptions): Promise<Logger> {
  const stream = pretty ? await prettyStream() : undefined;
  return pino(
    { level, base: null, serializers: { err: describeError } },
    stream ?? pino.destination(1),
  );
}

async function prettyStream(): Promise<DestinationStream | undefined> {
  const module = await import("pino-pretty").catch(() => undefined);
  return module?.default({ ignore: "pid,hostname" });
}

interface DescribedError {
  readonly type: string;
  readonly message: string;
  readonly code?: unknown;
  readonly stack?: string | undefined;
  readonly cause?: DescribedError;
}

/**
 * What the log says of an error. Of its other properties only the code: those of a database error can
 * quote the row it is about.
 */
function describeError(error: unknown): DescribedError {
  if (!(error instanceof Error)) return { type: typeof error, message: "not an Error" };
  return {
    type: error.name,
    message: error.message,
    // The system's and the database's errors say by their code what is wrong; others need the place.
    ...("code" in error ? { code: error.code } : { stack: error.stack }),
    ...(error.cause === undefined ? {} : { cause: describeError(error.cause) }),
  };
}
