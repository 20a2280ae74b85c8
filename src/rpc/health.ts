import { setTimeout as sleep } from "node:timers/promises";
import type { ServiceImpl } from "@connectrpc/connect";
import { fault } from "../errors.ts";
import type { Health } from "../gen/grpc/health/v1/health_pb.ts";
import { HealthCheckResponse_ServingStatus as Status } from "../gen/grpc/health/v1/health_pb.ts";

export interface HealthServiceOptions {
  /** Whether requests are served: migrated, the database answers, not draining. */
  readonly isReady: () => Promise<boolean>;
  /** Services that may be asked for by name; the empty name is the whole server. */
  readonly services: readonly string[];
  /** Aborted when the server stops; ends every watch. */
  readonly stopping: AbortSignal;
}

/** How often a watch looks for a change, in milliseconds. */
const watchIntervalMs = 1_000;

/** `grpc.health.v1.Health`, as load balancers and Kubernetes ask for it. */
export function createHealthService(options: HealthServiceOptions): ServiceImpl<typeof Health> {
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

    async *watch({ service }, { signal }) {
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
