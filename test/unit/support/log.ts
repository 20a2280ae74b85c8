import type { Logger } from "pino";
import { createLogger } from "../../../src/telemetry/logger.ts";

export interface MemoryLog {
  readonly logger: Logger;
  /** The lines so far, as they would be written. */
  readonly text: () => string;
  /** The lines so far, parsed. */
  readonly lines: () => Record<string, unknown>[];
}

/** The service's own logger. It writes into memory. */
export async function createMemoryLog(): Promise<MemoryLog> {
  const written: string[] = [];
  const sink = { write: (line: string) => void written.push(line) };
  const logger = await createLogger({ level: "trace", pretty: false, sink });
  return {
    logger,
    text: () => written.join(""),
    lines: () => written.map((line) => JSON.parse(line)),
  };
}
