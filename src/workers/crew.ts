import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "pino";
import type { CutOffCall } from "../app.ts";
import type { PreparedDatabase } from "../database.ts";
import type { ToPrimary } from "./messages.ts";
import { restartDelayMs } from "./restart-delay.ts";
import type { EndOfProcess, WorkerProcess } from "./worker-process.ts";
import { startWorkerProcess } from "./worker-process.ts";
import { createWorkerWatch } from "./worker-watch.ts";

export interface CrewOptions {
  readonly count: number;
  readonly database: PreparedDatabase;
  readonly logger: Logger;
  /** Called when a worker can get connections. */
  readonly onReady: (worker: WorkerProcess) => void;
  /** Called when a worker that was ready can get no connections any more. */
  readonly onLost: (worker: WorkerProcess) => void;
  /** Called when a worker that is ready does not respond, and with true when it responds again. */
  readonly onResponsive: (worker: WorkerProcess, isResponsive: boolean) => void;
  /** Called for the messages that are not about the start and the end of a worker. */
  readonly onMessage: (worker: WorkerProcess, message: ToPrimary) => void;
}

/** Why a worker was replaced: its process ended, or it did not respond and was killed. */
export type ReplacementReason = "ended" | "unresponsive";

/** The workers. Each one that ends or does not respond is replaced. */
export interface Crew {
  /**
   * Resolves when each worker is ready or has failed to start.
   *
   * @throws Error with the reason of one of them if no worker can start
   */
  started(): Promise<void>;
  /** The workers that are ready. */
  readonly ready: ReadonlySet<WorkerProcess>;
  readonly replacements: Readonly<Record<ReplacementReason, number>>;
  /**
   * Stops the workers. Those that have not ended after the limit are killed.
   *
   * @throws Error if a worker ended without a report of the calls that it had in flight
   */
  stop(limitMs: number): Promise<readonly CutOffCall[]>;
  /** Ends all workers at once. */
  kill(): void;
}

/** A place that always has a worker. */
interface Post {
  readonly number: number;
  /** Starts that failed, and ends soon after a start, without another one between. */
  failures: number;
}

/** How the first start of a worker went: undefined if it is ready, or the reason why it is not. */
type FirstStart = string | undefined;

export function createCrew(options: CrewOptions): Crew {
  const { count, database, logger, onReady, onLost, onResponsive, onMessage } = options;
  const all = new Map<WorkerProcess, { readonly ended: Promise<void> }>();
  const ready = new Set<WorkerProcess>();
  const cutOff: CutOffCall[] = [];
  const replacements: Record<ReplacementReason, number> = { ended: 0, unresponsive: 0 };
  let unreported = 0;
  let isStopping = false;
  const unresponsive = new WeakSet<WorkerProcess>();
  const watch = createWorkerWatch({
    onResponsive,
    onTimeout(worker) {
      logger.error({ worker: worker.number, pid: worker.pid }, "a worker does not respond");
      unresponsive.add(worker);
      worker.kill();
    },
  });

  /** Starts a worker on the post. @returns how its start went */
  function start(post: Post): Promise<FirstStart> {
    const outcome = Promise.withResolvers<FirstStart>();
    const ended = Promise.withResolvers<void>();
    let readyAt: number | undefined;
    let failure: string | undefined;
    let hasStopped = false;

    function leave(): void {
      if (ready.delete(worker)) onLost(worker);
    }

    function onEnd({ code, signal }: EndOfProcess): void {
      leave();
      all.delete(worker);
      watch.remove(worker);
      ended.resolve();
      const how = { worker: post.number, pid: worker.pid, code, signal };
      const reason = failure ?? `a worker process ended at its start (${signal ?? code})`;
      outcome.resolve(reason);
      if (isStopping) {
        if (readyAt === undefined || hasStopped) return;
        unreported += 1;
        logger.error(how, "a worker ended while it stopped");
        return;
      }
      if (readyAt === undefined) logger.error({ ...how, reason }, "a worker could not start");
      else logger.error(how, "a worker ended");
      void replace(post, readyAt, unresponsive.has(worker) ? "unresponsive" : "ended");
    }

    const worker = startWorkerProcess({
      number: post.number,
      onMessage(message) {
        switch (message.kind) {
          case "ready":
            readyAt = performance.now();
            ready.add(worker);
            logger.info({ worker: post.number, pid: worker.pid }, "a worker is ready");
            onReady(worker);
            outcome.resolve(undefined);
            break;
          case "pong":
            watch.answered(worker);
            break;
          case "failed":
            failure = message.message;
            break;
          case "stopped":
            hasStopped = true;
            cutOff.push(...message.cutOff);
            break;
          default:
            onMessage(worker, message);
        }
      },
      onDisconnect: leave,
      onEnd,
    });
    all.set(worker, { ended: ended.promise });
    watch.add(worker);
    worker.send({ kind: "start", worker: post.number, database });
    return outcome.promise;
  }

  async function replace(
    post: Post,
    readyAt: number | undefined,
    reason: ReplacementReason,
  ): Promise<void> {
    const livedMs = readyAt === undefined ? 0 : performance.now() - readyAt;
    const delay = restartDelayMs(livedMs, post.failures);
    post.failures = delay.failures;
    await firstStarts;
    await sleep(delay.ms, undefined, { ref: false });
    if (isStopping) return;
    replacements[reason] += 1;
    await start(post);
  }

  const posts = Array.from({ length: count }, (_, n): Post => ({ number: n + 1, failures: 0 }));
  const firstStarts = Promise.all(posts.map(start));

  return {
    async started() {
      const reasons = await firstStarts;
      const [reason] = reasons;
      if (reasons.every((each) => each !== undefined)) throw new Error(reason);
    },
    ready,
    replacements,
    async stop(limitMs) {
      isStopping = true;
      for (const worker of all.keys()) {
        if (ready.has(worker)) worker.send({ kind: "stop" });
        else worker.kill();
      }
      const ends = Promise.all([...all.values()].map(({ ended }) => ended));
      await Promise.race([ends, sleep(limitMs, undefined, { ref: false })]);
      for (const worker of all.keys()) worker.kill();
      await ends;
      if (unreported > 0) throw new Error(`${unreported} workers ended while they stopped`);
      return cutOff;
    },
    kill() {
      isStopping = true;
      for (const worker of all.keys()) worker.kill();
    },
  };
}
