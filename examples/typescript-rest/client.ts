import { setTimeout as sleep } from "node:timers/promises";
import createClient from "openapi-fetch";
import type { paths } from "./gen/kith.ts";

export function connect(baseUrl: string, serverKey: string) {
  return createClient<paths>({
    baseUrl,
    headers: { "Server-Key": serverKey },
    fetch: fetchWithRetries,
  });
}

/**
 * Repeats a call after 429, 503, or a lost connection, up to six attempts. Every call of Kith is safe to
 * repeat.
 */
async function fetchWithRetries(request: Request): Promise<Response> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      const response = await fetch(request.clone());
      if (attempt === 6 || ![429, 503].includes(response.status)) return response;
    } catch (error) {
      if (attempt === 6 || request.signal.aborted) throw error;
    }
    await sleep(100 * 2 ** (attempt - 1) * (0.5 + Math.random()));
  }
}
