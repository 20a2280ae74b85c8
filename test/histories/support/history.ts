import type { Agent } from "node:http";
import { request } from "node:http";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import type { Call } from "./calls.ts";
import { anyCall, requestOf, resultOf, shareAPair, stepOf } from "./calls.ts";
import type { HistoryCall } from "./serializability.ts";

/** A process of the service. */
export interface Server {
  readonly port: number;
  readonly agent: Agent;
  /** The value of the Server-Key header. */
  readonly header: string;
}

/** What one caller saw of one call. */
interface Observed {
  readonly call: Call;
  readonly server: Server;
  readonly result: string | undefined;
  readonly begin: number;
  /** When the caller got the response, or learned that there is none. */
  readonly answered: number;
  /** Whether the response is an error of the service. Otherwise the process may have ended. */
  readonly isRejected: boolean;
}

export interface History {
  readonly calls: readonly HistoryCall[];
  /** The same, for people. */
  readonly description: string;
}

const callsPerHistory = 8;
/** The calls of a history begin within this time, in milliseconds. */
const spreadMs = 60;

/**
 * Makes random calls on three pairs that no other history has, and reads the pairs at the end.
 *
 * @param name of the history, part of the ids of its users
 */
export async function makeHistory(name: string, servers: readonly Server[]): Promise<History> {
  const calls = Array.from({ length: callsPerHistory }, async () => {
    await sleep(Math.random() * spreadMs);
    const server = servers[Math.floor(Math.random() * servers.length)] as Server;
    return observe(name, server, anyCall());
  });
  const observed = await Promise.all(calls);
  let last: Observed;
  do {
    last = await observe(name, servers[0] as Server, { kind: "check" });
  } while (last.result === undefined);
  return historyOf([...observed, last]);
}

async function observe(history: string, server: Server, call: Call): Promise<Observed> {
  const begin = performance.now();
  const { path, body } = requestOf(call, history);
  try {
    const { status, data } = await post(server, path, body);
    const result = status === 200 ? resultOf(call, data) : undefined;
    return { call, server, begin, result, answered: performance.now(), isRejected: status !== 200 };
  } catch {
    const answered = performance.now();
    return { call, server, begin, result: undefined, answered, isRejected: false };
  }
}

async function post({ port, agent, header }: Server, path: string, body: unknown) {
  const response = Promise.withResolvers<{ status: number | undefined; body: string }>();
  const headers = { "Server-Key": header, "Content-Type": "application/json" };
  const options = { port, agent, headers, method: "POST", path: `/v1/server/contact/${path}` };
  request(options, (message) => {
    text(message).then(
      (read) => response.resolve({ status: message.statusCode, body: read }),
      response.reject,
    );
  })
    .on("error", response.reject)
    .end(JSON.stringify(body));
  const { status, body: read } = await response.promise;
  return { status, data: JSON.parse(read).data };
}

/**
 * A process that lives orders the calls that it rejected before later ones that change the same pairs
 * (docs/consistency.md).
 */
function historyOf(observed: readonly Observed[]): History {
  const calls = observed.map((each): HistoryCall => {
    const precedes = observed.flatMap((later, position) => {
      const isLater = later.server === each.server && later.begin > each.answered;
      return each.isRejected && isLater && shareAPair(each.call, later.call) ? [position] : [];
    });
    const { begin, result } = each;
    const end = result === undefined ? Infinity : each.answered;
    return { step: stepOf(each.call), begin, end, result, precedes };
  });
  const lines = observed.map(({ call, server, begin, answered, result }) => {
    const times = `${begin.toFixed(1)} to ${answered.toFixed(1)}`;
    return `${times} at ${server.port}: ${JSON.stringify(call)} -> ${result ?? "failed"}`;
  });
  return { calls, description: lines.join("\n") };
}
