import type { Logger } from "pino";
import { createLogger } from "../../../src/telemetry/logger.ts";

export interface MemoryLog {
  readonly logger: Logger;
  /** The log text so far. */
  readonly text: () => string;
  /** The log lines so far, parsed. */
  readonly lines: () => Record<string, unknown>[];
}

/** Creates the logger of the service with memory as its output. */
export async function createMemoryLog(): Promise<MemoryLog> {
  const written: string[] = [];
  const sink = { write: (line: string) => void written.push(line) };
  const logger = await createLogger({ level: "trace", format: "json", sink });
  return {
    logger,
    text: () => written.join(""),
    lines: () => written.map((line) => JSON.parse(line)),
  };
}
