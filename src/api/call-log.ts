import type { Logger } from "pino";
import { RejectedKeyFault } from "../access/key-verifier.ts";
import type { Fault } from "../errors.ts";
import type { Call } from "./call.ts";
import { createLineLimit } from "./line-limit.ts";

/** A call that takes longer than this is logged even if it succeeds, in milliseconds. */
const slowMs = 1_000;

/** Most lines in a second for one reason for which callers are at fault. Further failures are only counted. */
const maxFailuresPerSecond = 20;

export interface CallLogOptions {
  readonly logger: Logger;
  /** The share of the other calls that are logged too, from 0 to 1. */
  readonly accessSample: number;
}

/**
 * Writes one log line for each call that failed or was slow, and for a sample of the others. It contains no
 * secret and no user id. Its level is `error` only if the service or its database is at fault. Where many
 * calls fail for one reason and their callers are at fault, one line counts those beyond the first.
 */
export function createCallLog({ logger, accessSample }: CallLogOptions): (call: Call) => void {
  const mayLog = createLineLimit({
    maxLinesPerSecond: maxFailuresPerSecond,
    onSuppressed: (reason, calls) => logger.info({ reason, calls }, "more requests failed"),
  });

  return (call) => {
    const { fault } = call;
    const isFromCaller = fault !== undefined && isCallerAtFault(call, fault);
    if (isFromCaller && !mayLog(fault.reason)) return;
    const durationMs = performance.now() - call.startedAt;
    const isSlow = durationMs >= slowMs;
    if (fault === undefined && !isSlow && !isSampled(accessSample)) return;
    const principal = fault instanceof RejectedKeyFault ? fault.principal : call.principal;
    const line = {
      requestId: call.requestId,
      app: principal?.appName,
      keyId: principal?.keyId,
      method: call.method,
      protocol: call.protocol,
      client: call.clientAddress,
      traceId: call.trace?.traceId,
      spanId: call.trace?.spanId,
      code: fault === undefined ? "OK" : fault.row.grpc,
      reason: fault?.reason,
      durationMs: Math.round(durationMs * 10) / 10,
    };
    if (fault === undefined && isSlow) logger.warn(line, "slow request");
    else if (fault === undefined) logger.info(line, "request");
    else if (isFromCaller) logger.info(line, "request failed");
    else logger.error({ ...line, err: fault.cause }, "request failed");
  };
}

function isSampled(share: number): boolean {
  return share > 0 && Math.random() < share;
}

function isCallerAtFault({ hasCallerDeadline }: Call, { reason, row }: Fault): boolean {
  return row.http < 500 || (reason === "DEADLINE_EXCEEDED" && hasCallerDeadline);
}
