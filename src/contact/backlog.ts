export interface BacklogOptions {
  /** Longest that new work may be expected to wait, in milliseconds. */
  readonly maxDelayMs: number;
  /** Amount of work that an app may always have pending. */
  readonly least: number;
  /** In milliseconds. */
  readonly now?: () => number;
}

/** Limits the pending work of each app to what the service can do in time. */
export interface Backlog {
  /** Calls that are pending, of all apps, and the amount of their work. */
  readonly calls: number;
  readonly pending: number;
  /** Calls that were rejected. */
  readonly rejected: number;
  /** Whether the app can add no more work, so that its next call is rejected. Counts the rejection. */
  rejects(appId: number): boolean;
  /** Adds work of an app, or returns false if the app has too much pending. */
  add(appId: number, amount: number): boolean;
  /** Removes work that has ended. Only work that was done counts for the throughput of the app. */
  remove(appId: number, amount: number, isDone: boolean): void;
}

interface AppBacklog {
  pending: number;
  /** Work done in this interval and in the one before, and the start of this interval. */
  done: number;
  doneBefore: number;
  intervalFrom: number;
}

/** Interval in which throughput is measured, in milliseconds. */
const intervalMs = 1_000;

/**
 * By Little's law, the time that new work waits is the pending work divided by the throughput. The limit of
 * an app is therefore its own recent throughput times the longest delay. An app that sends more than it gets
 * done reaches its limit, and an app within its share of the service does not.
 */
export function createBacklog(options: BacklogOptions): Backlog {
  const { maxDelayMs, least, now = () => performance.now() } = options;
  const apps = new Map<number, AppBacklog>();
  let calls = 0;
  let pending = 0;
  let rejected = 0;

  function limitOf(app: AppBacklog): number {
    const elapsed = now() - app.intervalFrom;
    const perInterval = Math.max(app.doneBefore, (app.done * intervalMs) / Math.max(elapsed, 100));
    return Math.max(least, (perInterval * maxDelayMs) / intervalMs);
  }

  function roll(app: AppBacklog): void {
    const elapsed = now() - app.intervalFrom;
    if (elapsed < intervalMs) return;
    app.doneBefore = elapsed < 2 * intervalMs ? app.done : 0;
    app.done = 0;
    app.intervalFrom = now();
  }

  return {
    get calls() {
      return calls;
    },
    get pending() {
      return pending;
    },
    get rejected() {
      return rejected;
    },
    rejects(appId) {
      const app = apps.get(appId);
      if (app === undefined || app.pending === 0) return false;
      roll(app);
      if (app.pending < limitOf(app)) return false;
      rejected += 1;
      return true;
    },
    add(appId, amount) {
      let app = apps.get(appId);
      if (app === undefined) {
        app = { pending: 0, done: 0, doneBefore: 0, intervalFrom: now() };
        apps.set(appId, app);
      }
      roll(app);
      if (app.pending > 0 && app.pending + amount > limitOf(app)) {
        rejected += 1;
        return false;
      }
      app.pending += amount;
      pending += amount;
      calls += 1;
      return true;
    },
    remove(appId, amount, isDone) {
      const app = apps.get(appId);
      if (app === undefined) return;
      roll(app);
      app.pending -= amount;
      pending -= amount;
      calls -= 1;
      if (isDone) app.done += amount;
      // An app without pending work needs no entry, once its throughput is old.
      if (app.pending === 0 && app.done + app.doneBefore === 0) apps.delete(appId);
    },
  };
}
