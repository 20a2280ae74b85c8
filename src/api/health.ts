import { setTimeout as sleep } from "node:timers/promises";
import { fault } from "../errors.ts";
import type { Health } from "../gen/grpc/health/v1/health_pb.ts";
import { HealthCheckResponse_ServingStatus as Status } from "../gen/grpc/health/v1/health_pb.ts";
import type { Handlers } from "./operation.ts";

export interface HealthServiceOptions {
  /** Whether the service can serve requests: the database answers, and the service is not stopping. */
  readonly isReady: () => Promise<boolean>;
  /** Names of the services that callers may check. The empty name means the whole server. */
  readonly services: readonly string[];
  /** Aborted when the service stops. It ends every watch. */
  readonly stopping: AbortSignal;
}

/** Interval at which a watch checks for a change, in milliseconds. */
const watchIntervalMs = 1_000;

/** The handlers of `grpc.health.v1.Health`, which load balancers and Kubernetes call. */
export function createHealthService(options: HealthServiceOptions): Handlers<typeof Health> {
  const { isReady, stopping } = options;
  const known = new Set(["", ...options.services]);

  async function status(): Promise<Status> {
    return (await isReady()) ? Status.SERVING : Status.NOT_SERVING;
  }

  return {
    async check({ service }) {
      if (!known.has(service)) throw fault("UNKNOWN_SERVICE");
      return { status: await status() };
    },

    async list() {
      const now = await status();
      return { statuses: Object.fromEntries([...known].map((name) => [name, { status: now }])) };
    },

    async *watch({ service }, { cancellation: { signal } }) {
      const isKnown = known.has(service);
      const ended = AbortSignal.any([signal, stopping]);
      let last: Status | undefined;
      while (!ended.aborted) {
        const now = isKnown ? await status() : Status.SERVICE_UNKNOWN;
        if (now !== last) yield { status: now };
        last = now;
        await sleep(watchIntervalMs, undefined, { signal: ended }).catch(() => {});
      }
      if (!signal.aborted && last === Status.SERVING) yield { status: Status.NOT_SERVING };
    },
  };
}
