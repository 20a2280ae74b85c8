import { setTimeout as sleep } from "node:timers/promises";
import { calls } from "./calls.ts";
import type { CallTimes, Connection, OpenConnection } from "./connection.ts";
import { openGrpcConnection } from "./grpc-connection.ts";
import { openHttp1Connection } from "./http1-connection.ts";
import type { LoadJob, LoadResult } from "./job.ts";
import type { Loop, LoopOptions } from "./loops.ts";
import { createClosedLoop, createOpenLoop } from "./loops.ts";
import { createOutcomes } from "./outcomes.ts";
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
  const outcomes = createOutcomes();
  const answered = Promise.withResolvers<void>();
  answered.promise.catch(() => {}); // The promise is awaited only at the end.
  let loop: Loop | undefined;
  let open = 0;
  let ended = false;
  // The calls of an open loop count if they are due within the measured time. If late calls are dropped,
  // a call counts if its answer arrives within it, as in a closed loop.
  const countsByDueTime = job.rate !== undefined && job.dropsLateCalls !== true;

  const connections = await openConnections(job, answered.reject, (connection, times, problem) => {
    const now = performance.now();
    const countsAt = countsByDueTime ? times.dueAt : now;
    outcomes.add({ times, now, problem, isMeasured: countsAt >= measureAt && countsAt < endAt });
    open -= 1;
    loop?.next(connection);
    if (ended && open === 0) answered.resolve();
  });

  const measureAt = performance.now() + job.warmupSeconds * 1_000;
  const endAt = measureAt + job.seconds * 1_000;
  loop = createLoop(job, {
    connections,
    endAt,
    start(connection, times) {
      open += 1;
      connection.start(times);
    },
  });
  loop.begin();

  const reach = (time: number) =>
    Promise.race([sleep(Math.max(0, time - performance.now())), answered.promise]);
  await reach(measureAt);
  const dueBefore = loop.countDue(measureAt).due;
  const cpuBefore = process.cpuUsage();
  await reach(endAt);
  const cpu = process.cpuUsage(cpuBefore);
  const { due, notStarted } = loop.countDue(endAt);
  const unanswered = open;
  ended = true;
  if (open === 0) answered.resolve();
  const timer = setTimeout(() => {
    answered.reject(new Error(`${open} calls had no answer ${patienceMs / 1_000} s after the end`));
  }, patienceMs);
  await answered.promise;
  clearTimeout(timer);
  for (const connection of connections) connection.close();

  const measured = outcomes.summarize();
  const cpuMicros = cpu.user + cpu.system;
  return {
    ...measured,
    callsPerSecond: measured.calls / job.seconds,
    contactsPerSecond: (measured.calls * job.contacts) / job.seconds,
    from: performance.timeOrigin + measureAt,
    to: performance.timeOrigin + endAt,
    due: due - dueBefore,
    heldBack: notStarted,
    unanswered,
    cpuMicrosPerCall: cpuMicros / Math.max(1, measured.calls),
    cpuShare: cpuMicros / (job.seconds * 1e6),
  };
}

async function openConnections(
  job: LoadJob,
  onLost: (error: Error) => void,
  onDone: (connection: Connection, times: CallTimes, problem: Problem | undefined) => void,
): Promise<Connection[]> {
  const { contacts } = job;
  const requests = calls[job.call].createRequests({ format: formatOf(job), contacts });
  const connections: Connection[] = [];
  for (let n = 0; n < job.connections; n++) {
    const connection: Connection = await openers[job.protocol]({
      job,
      port: job.ports[n % job.ports.length] as number,
      requests,
      onDone: (times, problem) => onDone(connection, times, problem),
      onLost,
    });
    connections.push(connection);
  }
  return connections;
}

function createLoop(job: LoadJob, options: LoopOptions): Loop {
  const { rate, inFlight, dropsLateCalls = false } = job;
  return rate === undefined
    ? createClosedLoop({ ...options, inFlight })
    : createOpenLoop({ ...options, rate, dropsLateCalls });
}
