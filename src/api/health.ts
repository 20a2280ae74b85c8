import { fault } from "../errors.ts";
import type { Health } from "../gen/grpc/health/v1/health_pb.ts";
import { HealthCheckResponse_ServingStatus as Status } from "../gen/grpc/health/v1/health_pb.ts";
import type { Call } from "./call.ts";
import type { Handlers } from "./operation.ts";
import { createStatusFeed } from "./status-feed.ts";

export interface HealthServiceOptions {
  /** Whether the service can serve requests: the database answers, and the service is not stopping. */
  readonly isReady: () => Promise<boolean>;
  /** Names of the services that callers may check. The empty name means the whole server. */
  readonly services: readonly string[];
  /** Aborted when the service stops. It ends every watch. */
  readonly stopping: AbortSignal;
}

/** Interval at which the status is polled while callers watch it, in milliseconds. */
const watchIntervalMs = 1_000;

/** The handlers of `grpc.health.v1.Health`, which load balancers and Kubernetes call. */
export function createHealthService(options: HealthServiceOptions): Handlers<typeof Health> {
  const { isReady, stopping } = options;
  const known = new Set(["", ...options.services]);

  const feed = createStatusFeed({
    poll: async () => ((await isReady()) ? Status.SERVING : Status.NOT_SERVING),
    intervalMs: watchIntervalMs,
  });

  /** Each status from now until the call is cancelled or the service stops. */
  async function* statuses({ cancellation }: Call): AsyncGenerator<Status> {
    let wake = () => {};
    const unwatch = feed.watch(() => wake());
    const onStop = () => wake();
    cancellation.onAbort(onStop);
    stopping.addEventListener("abort", onStop, { once: true });
    try {
      while (!cancellation.aborted && !stopping.aborted) {
        const changed = new Promise<void>((resolve) => {
          wake = resolve;
        });
        yield await feed.now();
        await changed;
      }
    } finally {
      unwatch();
      stopping.removeEventListener("abort", onStop);
    }
  }

  return {
    async check({ service }) {
      if (!known.has(service)) throw fault("UNKNOWN_SERVICE");
      return { status: await feed.now() };
    },

    async list() {
      const now = await feed.now();
      return { statuses: Object.fromEntries([...known].map((name) => [name, { status: now }])) };
    },

    async *watch({ service }, call) {
      const isKnown = known.has(service);
      let last: Status | undefined;
      for await (const now of statuses(call)) {
        const next = isKnown ? now : Status.SERVICE_UNKNOWN;
        if (next !== last) yield { status: next };
        last = next;
      }
      if (!call.cancellation.aborted && last === Status.SERVING) {
        yield { status: Status.NOT_SERVING };
      }
    },
  };
}
