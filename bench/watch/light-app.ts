import { Agent, request } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import type { LightCall } from "./light-figures.ts";

/** The light traffic of another app beside a load: 20 syncs and 5 lists per second over REST, and 10 probes of `/livez`. */
export interface LightApp {
  /** All calls that have ended, in the order of their end. Times are milliseconds since 1970. */
  readonly calls: readonly LightCall[];
  /** Waits until all calls that have begun by now have ended. */
  settled(): Promise<void>;
  stop(): void;
}

const intervals = { sync: 50, list: 200, livez: 100 };
/** A call without an answer after this time has failed, in milliseconds. */
const timeoutMs = 15_000;

/** Starts the calls. Each starts when it is due, whether or not others have an answer. */
export function startLightApp(options: {
  readonly port: number;
  readonly serverKey: string;
}): LightApp {
  const agent = new Agent({ keepAlive: true });
  const calls: LightCall[] = [];
  const inFlight = new Set<Promise<void>>();
  let syncs = 0;

  async function call(kind: LightCall["kind"], send: () => Promise<string | undefined>) {
    const startedAt = performance.now();
    const problem = await send();
    const ms = performance.now() - startedAt;
    calls.push({ kind, at: performance.timeOrigin + startedAt, ms, problem });
  }

  function every(ms: number, kind: LightCall["kind"], send: () => Promise<string | undefined>) {
    return setInterval(() => {
      const ended = call(kind, send).finally(() => inFlight.delete(ended));
      inFlight.add(ended);
    }, ms);
  }

  const post = (route: string, body: object) =>
    exchange({
      ...{ port: options.port, agent, method: "POST", path: `/v1/server/contact/${route}` },
      headers: { "Server-Key": options.serverKey, "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
  const timers = [
    every(intervals.sync, "app", () =>
      post("sync", {
        contacts: [{ ownerXCUserID: `light-${syncs % 100}`, contactXCUserID: `c${syncs++}` }],
      }),
    ),
    every(intervals.list, "app", () => post("list", { ownerXCUserID: `light-${syncs % 100}` })),
    // A probe has a connection of its own, like those of Kubernetes.
    every(intervals.livez, "livez", () =>
      exchange({ port: options.port, agent: false, method: "GET", path: "/livez", headers: {} }),
    ),
  ];

  return {
    calls,
    async settled() {
      await Promise.all(inFlight);
      await sleep(0);
    },
    stop() {
      for (const timer of timers) clearInterval(timer);
      agent.destroy();
    },
  };
}

/** Sends a request. Returns the reason if the response is not a complete 200. */
function exchange(options: {
  readonly port: number;
  readonly agent: Agent | false;
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}): Promise<string | undefined> {
  const { body, ...target } = options;
  return new Promise((resolve) => {
    const signal = AbortSignal.timeout(timeoutMs);
    const call = request({ host: "127.0.0.1", ...target, signal }, (response) => {
      response.resume();
      response.once("error", (error) => resolve(error.message));
      response.once("end", () =>
        resolve(response.statusCode === 200 ? undefined : `status ${response.statusCode}`),
      );
    });
    call.once("error", (error) => resolve(signal.aborted ? "no answer in time" : error.message));
    call.end(body);
  });
}
