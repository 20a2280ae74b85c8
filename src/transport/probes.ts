import type { IncomingMessage, ServerResponse } from "node:http";

/** The handlers of `/livez` and `/readyz`, by path. They need no Server-Key. */
export type Probes = ReadonlyMap<string, (req: IncomingMessage, res: ServerResponse) => void>;

export interface ProbesOptions {
  /** Whether the service can serve requests: the database answers, and the service is not stopping. */
  readonly isReady: () => Promise<boolean>;
}

/** `/livez` returns 200 if the process can respond. `/readyz` returns 200 if it is ready, and 503 if not. */
export function createProbes({ isReady }: ProbesOptions): Probes {
  return new Map([
    ["/livez", (_, res) => respond(res, true)],
    ["/readyz", (_, res) => void isReady().then((ready) => respond(res, ready))],
  ]);
}

function respond(res: ServerResponse, ok: boolean): void {
  res.writeHead(ok ? 200 : 503, { "Content-Type": "text/plain", "Cache-Control": "no-store" });
  res.end(ok ? "ok\n" : "not ready\n");
}
