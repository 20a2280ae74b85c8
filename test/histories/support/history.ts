import type { Agent } from "node:http";
import { request } from "node:http";
import { text } from "node:stream/consumers";
import type { Call } from "./calls.ts";
import { anyCall, firstCall, requestOf, resultOf, shareAPair, stepOf } from "./calls.ts";
import type { PairLocks } from "./pair-locks.ts";
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

const callers = 4;
const callsPerCaller = 3;

/**
 * Several callers make random calls on three pairs that no other history has, each one call after another. The pairs
 * are read at the end.
 *
 * @param name of the history, part of the ids of its users
 * @param locks the connection that locks pairs meanwhile, so that transactions overlap for longer
 */
export async function makeHistory(
  name: string,
  servers: readonly Server[],
  locks: PairLocks,
): Promise<History> {
  const observed = [await observe(name, servers, firstCall())];
  const calling = Array.from({ length: callers }, async () => {
    for (let n = 0; n < callsPerCaller; n++) {
      observed.push(await observe(name, servers, anyCall()));
    }
  });
  await Promise.all([...calling, locks.disturb(name)]);
  let last: Observed;
  do {
    last = await observe(name, servers, { kind: "check" });
  } while (last.result === undefined);
  return historyOf([...observed, last]);
}

/** Makes the call at one of the servers. A server that accepts no connection is passed over. */
async function observe(history: string, servers: readonly Server[], call: Call): Promise<Observed> {
  const server = servers[Math.floor(Math.random() * servers.length)] as Server;
  const begin = performance.now();
  const { path, body } = requestOf(call, history);
  try {
    const { status, data } = await post(server, path, body);
    const result = status === 200 ? resultOf(call, data) : undefined;
    return { call, server, begin, result, answered: performance.now(), isRejected: status !== 200 };
  } catch (error) {
    if (isRefused(error)) return observe(history, servers, call);
    const answered = performance.now();
    return { call, server, begin, result: undefined, answered, isRejected: false };
  }
}

function isRefused(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ECONNREFUSED";
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
