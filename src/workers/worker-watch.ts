import type { WorkerProcess } from "./worker-process.ts";

export interface WorkerWatchOptions {
  /** Called when a worker has not answered for `warningPatience`, and with true when it answers again. */
  readonly onResponsive: (worker: WorkerProcess, isResponsive: boolean) => void;
  /** Called once, when a worker has not answered for too long. */
  readonly onTimeout: (worker: WorkerProcess) => void;
}

/** Notices workers that do not respond: their event loop is blocked, or their process is stopped. */
export interface WorkerWatch {
  /** Watches the worker from its start on. */
  add(worker: WorkerProcess): void;
  /** The worker has answered a ping. */
  answered(worker: WorkerProcess): void;
  remove(worker: WorkerProcess): void;
}

/** Time between two pings, in milliseconds. */
export const pingIntervalMs = 1_000;
/** A worker that does not answer for this number of intervals gets no new connections. A busy one can be late. */
export const warningPatience = 3;
/** A worker that does not answer for this number of intervals is given up. */
export const patience = 10;
/** The same until the first answer, because a process that loads its modules does not answer. */
export const startPatience = 60;

interface Watched {
  hasAnswered: boolean;
  /** The intervals since the ping that the worker has not answered. Absent: it has answered. */
  missed: number | undefined;
}

/**
 * Pings the workers. A worker has at most one ping to answer, so a worker that is stopped gets no queue of them. The
 * intervals of this process are counted, not the time: if the whole service was stopped, this is one interval.
 */
export function createWorkerWatch({ onResponsive, onTimeout }: WorkerWatchOptions): WorkerWatch {
  const all = new Map<WorkerProcess, Watched>();
  let timer: NodeJS.Timeout | undefined;

  function ping(worker: WorkerProcess, watched: Watched): void {
    watched.missed = 0;
    worker.send({ kind: "ping" });
  }

  function look(): void {
    for (const [worker, watched] of all) {
      if (watched.missed === undefined) {
        ping(worker, watched);
        continue;
      }
      watched.missed += 1;
      if (watched.missed === warningPatience && watched.hasAnswered) onResponsive(worker, false);
      if (watched.missed === (watched.hasAnswered ? patience : startPatience)) onTimeout(worker);
    }
  }

  return {
    add(worker) {
      const watched: Watched = { hasAnswered: false, missed: undefined };
      all.set(worker, watched);
      ping(worker, watched);
      timer ??= setInterval(look, pingIntervalMs).unref();
    },
    answered(worker) {
      const watched = all.get(worker);
      if (watched === undefined) return;
      const { hasAnswered, missed = 0 } = watched;
      if (hasAnswered && missed >= warningPatience) onResponsive(worker, true);
      watched.hasAnswered = true;
      watched.missed = undefined;
    },
    remove(worker) {
      all.delete(worker);
      if (all.size > 0) return;
      clearInterval(timer);
      timer = undefined;
    },
  };
}
