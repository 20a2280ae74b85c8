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
    { level, base: null, serializers: { err: (error: unknown) => describeError(error) } },
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

/** Causes of causes that are logged; errors can be each other's cause. */
const maxCauses = 4;

/** The system's and the database's errors say by their code what is wrong; the others need the place. */
function isFromOutside(error: Error): boolean {
  return "code" in error && typeof error.code === "string" && !error.code.startsWith("ERR_");
}

/**
 * What the log says of an error. Of its other properties only the code: those of a database error can
 * quote the row it is about.
 */
function describeError(error: unknown, depth = 0): DescribedError {
  if (!(error instanceof Error)) return { type: typeof error, message: "not an Error" };
  return {
    type: error.name,
    message: error.message,
    ...("code" in error ? { code: error.code } : {}),
    ...(isFromOutside(error) ? {} : { stack: error.stack }),
    ...(error.cause === undefined || depth === maxCauses
      ? {}
      : { cause: describeError(error.cause, depth + 1) }),
  };
}
