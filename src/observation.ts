import { BlockList } from "node:net";
import type { Logger } from "pino";
import type { Call } from "./api/call.ts";
import type { CallLifecycle } from "./api/call-lifecycle.ts";
import { createCallLifecycle } from "./api/call-lifecycle.ts";
import { createCallLog } from "./api/call-log.ts";
import type { Config } from "./config.ts";
import { createClientAddress } from "./telemetry/client-address.ts";
import { CallTrace } from "./telemetry/tracing/call-trace.ts";
import type { Tracing } from "./telemetry/tracing/tracing.ts";
import { version } from "./version.ts";

/** What the operator sees of the calls: log lines and traces. */
export interface Observation {
  readonly lifecycle: CallLifecycle;
  /** Absent unless the configuration asks for traces. */
  readonly tracing: Tracing | undefined;
}

export interface ObservationOptions {
  readonly config: Config;
  readonly logger: Logger;
  /** Called once for each call when it has ended. */
  readonly onCallEnd: (call: Call) => void;
}

export async function createObservation(options: ObservationOptions): Promise<Observation> {
  const { config, logger, onCallEnd } = options;
  const tracing = await startTracing(options);
  const clientAddress = createClientAddress({
    trustedProxies: config.trustedProxies ?? new BlockList(),
    header: config.clientAddressHeader,
  });
  const logCall = createCallLog({
    logger,
    accessSample: config.accessLog ? config.accessLogSample : 0,
  });
  const lifecycle = createCallLifecycle({
    onBegin(call, { headers = {}, peerAddress }) {
      call.clientAddress = clientAddress(peerAddress, headers);
      // Probes and other GET requests are not RPC calls.
      if (tracing !== undefined && call.method.includes("/")) {
        call.trace = tracing.calls.begin(call, headers);
      }
    },
    onEnd(call) {
      if (call.trace instanceof CallTrace) tracing?.calls.end(call, call.trace);
      onCallEnd(call);
      logCall(call);
    },
  });
  return { lifecycle, tracing };
}

/** OpenTelemetry takes time and memory to load, so it is loaded only if it is needed. */
async function startTracing({ config, logger }: ObservationOptions): Promise<Tracing | undefined> {
  if (config.tracing === undefined) return undefined;
  const { startTracing: start } = await import("./telemetry/tracing/tracing.ts");
  return start({ settings: config.tracing, version, logger });
}
