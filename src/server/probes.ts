import type { IncomingMessage, ServerResponse } from "node:http";

/** Handlers of `/livez` and `/readyz`, by path. They need no key. */
export type Probes = ReadonlyMap<string, (req: IncomingMessage, res: ServerResponse) => void>;

export interface ProbesOptions {
  /** Whether requests are served: migrated, the database answers, not draining. */
  readonly isReady: () => Promise<boolean>;
}

/** 200 where all is well, 503 where it is not. `/livez` is 200 as long as the process can answer. */
export function createProbes({ isReady }: ProbesOptions): Probes {
  return new Map([
    ["/livez", (_, res) => answer(res, true)],
    ["/readyz", (_, res) => void isReady().then((ready) => answer(res, ready))],
  ]);
}

function answer(res: ServerResponse, ok: boolean): void {
  res.writeHead(ok ? 200 : 503, { "Content-Type": "text/plain", "Cache-Control": "no-store" });
  res.end(ok ? "ok\n" : "not ready\n");
}
