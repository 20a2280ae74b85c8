import type { Logger } from "pino";
import pino from "pino";

export const logLevels = ["trace", "debug", "info", "warn", "error", "fatal", "silent"] as const;
export type LogLevel = (typeof logLevels)[number];

export interface LoggerOptions {
  readonly level: LogLevel;
  /** Whether to format the lines for people at a terminal. Without pino-pretty, the lines are JSON. */
  readonly pretty: boolean;
  readonly sink: { write(line: string): void };
}

/** Writes one JSON object per line. */
export async function createLogger({ level, pretty, sink }: LoggerOptions): Promise<Logger> {
  const format = pretty ? await loadPretty() : (line: string) => line;
  return pino(
    { level, base: null, serializers: { err: (error: unknown) => describeError(error) } },
    { write: (line) => sink.write(format(line)) },
  );
}

/** pino-pretty is not part of a production install. */
async function loadPretty(): Promise<(line: string) => string> {
  const module = await import("pino-pretty").catch(() => undefined);
  const format = module?.prettyFactory({ ignore: "pid,hostname" });
  return format ?? ((line) => line);
}

interface DescribedError {
  readonly type: string;
  readonly message: string;
  readonly code?: unknown;
  readonly stack?: string | undefined;
  readonly cause?: DescribedError;
}

/** The maximum number of causes that are logged, because errors can be each other's cause. */
const maxCauses = 4;

/** Errors of the system and the database are described by their code. All other errors need a stack. */
function isFromOutside(error: Error): boolean {
  return "code" in error && typeof error.code === "string" && !error.code.startsWith("ERR_");
}

/**
 * The part of an error that is logged. Of its additional properties, only the code is logged, because the
 * properties of a database error can quote a row.
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
