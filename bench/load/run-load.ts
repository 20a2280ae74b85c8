import { setTimeout as sleep } from "node:timers/promises";
import { calls } from "./calls.ts";
import type { Connection, OpenConnection } from "./connection.ts";
import { openGrpcConnection } from "./grpc-connection.ts";
import { openHttp1Connection } from "./http1-connection.ts";
import type { LoadJob, LoadResult } from "./job.ts";
import { createLatencies } from "./latencies.ts";
import type { Loop, LoopOptions } from "./loops.ts";
import { createClosedLoop, createOpenLoop } from "./loops.ts";
import type { Problem } from "./problem.ts";
import { formatOf } from "./requests.ts";

/** Time for the last answers after the last call has started, in milliseconds. */
const patienceMs = 30_000;

const openers: Readonly<Record<LoadJob["protocol"], OpenConnection>> = {
  grpc: openGrpcConnection,
  rest: openHttp1Connection,
  connect: openHttp1Connection,
};

/**
 * Makes the calls of a job and checks every answer.
 *
 * @throws Error if a connection is lost, or if calls have no answer in time
 */
export async function runLoad(job: LoadJob): Promise<LoadResult> {
  const latencies = createLatencies();
  const answered = Promise.withResolvers<void>();
  answered.promise.catch(() => {}); // The promise is awaited only at the end.
  let loop: Loop | undefined;
  let open = 0;
  let ended = false;
  const problems = { failed: 0, wrong: 0 };
  let firstProblem: string | undefined;

  const connections = await openConnections(job, answered.reject, (connection, at, problem) => {
    const now = performance.now();
    const countsAt = job.rate === undefined ? now : at;
    if (problem !== undefined) {
      problems[problem.kind] += 1;
      firstProblem ??= problem.text;
    } else if (countsAt >= measureAt && countsAt < endAt) {
      latencies.add(now - at);
    }
    open -= 1;
    loop?.next(connection);
    if (ended && open === 0) answered.resolve();
  });

  const measureAt = performance.now() + job.warmupSeconds * 1_000;
  const endAt = measureAt + job.seconds * 1_000;
  loop = createLoop(job, {
    connections,
    endAt,
    start(connection, at) {
      open += 1;
      connection.start(at);
    },
  });
  loop.begin();

  const untilLost = <T>(wait: Promise<T>) => Promise.race([wait, answered.promise]);
  await untilLost(sleep(measureAt - performance.now()));
  const cpuBefore = process.cpuUsage();
  await untilLost(sleep(endAt - performance.now()));
  const cpu = process.cpuUsage(cpuBefore);
  ended = true;
  if (open === 0) answered.resolve();
  const timer = setTimeout(() => {
    answered.reject(new Error(`${open} calls had no answer ${patienceMs / 1_000} s after the end`));
  }, patienceMs);
  await answered.promise;
  clearTimeout(timer);
  for (const connection of connections) connection.close();

  const calls = latencies.count();
  const cpuMicros = cpu.user + cpu.system;
  return {
    calls,
    callsPerSecond: calls / job.seconds,
    contactsPerSecond: (calls * job.contacts) / job.seconds,
    p50Ms: latencies.percentile(0.5),
    p99Ms: latencies.percentile(0.99),
    ...problems,
    problem: firstProblem,
    cpuMicrosPerCall: cpuMicros / Math.max(1, calls),
    cpuShare: cpuMicros / (job.seconds * 1e6),
  };
}

async function openConnections(
  job: LoadJob,
  onLost: (error: Error) => void,
  onDone: (connection: Connection, at: number, problem: Problem | undefined) => void,
): Promise<Connection[]> {
  const { contacts } = job;
  const requests = calls[job.call].createRequests({ format: formatOf(job), contacts });
  const connections: Connection[] = [];
  for (let n = 0; n < job.connections; n++) {
    const connection: Connection = await openers[job.protocol]({
      job,
      port: job.ports[n % job.ports.length] as number,
      requests,
      onDone: (at, problem) => onDone(connection, at, problem),
      onLost,
    });
    connections.push(connection);
  }
  return connections;
}

function createLoop(job: LoadJob, options: LoopOptions): Loop {
  return job.rate === undefined
    ? createClosedLoop({ ...options, inFlight: job.inFlight })
    : createOpenLoop({ ...options, rate: job.rate });
}
