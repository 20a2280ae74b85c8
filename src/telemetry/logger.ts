import type { Logger } from "pino";
import pino from "pino";

export const logLevels = ["trace", "debug", "info", "warn", "error", "fatal", "silent"] as const;
export type LogLevel = (typeof logLevels)[number];

export const logFormats = ["json", "pretty"] as const;
export type LogFormat = (typeof logFormats)[number];

export interface LoggerOptions {
  readonly level: LogLevel;
  /** `auto`: for people if standard output is a terminal and pino-pretty is installed, else JSON. */
  readonly format: LogFormat | "auto";
  readonly sink: { write(line: string): void };
  /** The number of the worker process. Present: each line has it. */
  readonly worker?: number;
}

/** Writes one line for each entry. The format `pretty` needs pino-pretty. */
export async function createLogger(options: LoggerOptions): Promise<Logger> {
  const { level, sink, worker } = options;
  const base = worker === undefined ? null : { worker };
  const format = await loadFormat(options.format);
  return pino(
    { level, base, serializers: { err: (error: unknown) => describeError(error) } },
    { write: (line) => sink.write(format(line)) },
  );
}

async function loadFormat(format: LoggerOptions["format"]): Promise<(line: string) => string> {
  const isForPeople = format === "auto" && process.stdout.isTTY === true && isPrettyInstalled();
  if (format !== "pretty" && !isForPeople) return (line) => line;
  const { prettyFactory } = await import("pino-pretty");
  return prettyFactory({ ignore: "pid,hostname" });
}

/** pino-pretty is not part of a production install. */
export function isPrettyInstalled(): boolean {
  try {
    import.meta.resolve("pino-pretty");
    return true;
  } catch {
    return false;
  }
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
