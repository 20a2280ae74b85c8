import type { Logger } from "pino";
import pino from "pino";
import { createLogger } from "../../../src/telemetry/logger.ts";

export interface MemoryLog {
  readonly logger: Logger;
  /** The lines so far, as they would be written. */
  readonly text: () => string;
  /** The lines so far, parsed. */
  readonly lines: () => Record<string, unknown>[];
}

/** The service's own logger, with a list in the place of standard output. */
export async function createMemoryLog(): Promise<MemoryLog> {
  const written: string[] = [];
  const logger = await createLogger({ level: "trace", pretty: false });
  Object.assign(logger, {
    [pino.symbols.streamSym]: { write: (line: string) => written.push(line) },
  });
  return {
    logger,
    text: () => written.join(""),
    lines: () => written.map((line) => JSON.parse(line)),
  };
}
