import { parseTimeout as parseConnectTimeout } from "@connectrpc/connect/protocol-connect";
import { parseTimeout as parseGrpcTimeout } from "@connectrpc/connect/protocol-grpc";
import type { Fault } from "../errors.ts";
import { fault } from "../errors.ts";

/** The timeout that a caller set for a call. */
export interface CallerTimeout {
  /** Milliseconds, at most 24 days. Undefined if the caller set no timeout. */
  readonly timeoutMs: number | undefined;
  /** The fault TIMEOUT_UNREADABLE if the header is not valid. */
  readonly fault: Fault | undefined;
}

/** The longest timeout that Node's timers accept, in milliseconds. A longer timeout fires immediately. */
const longestTimerMs = 2_147_483_647;

const parsers = { "grpc-timeout": parseGrpcTimeout, "connect-timeout-ms": parseConnectTimeout };

/** Parses the header `grpc-timeout` or `connect-timeout-ms`. */
export function parseCallerTimeout(
  name: keyof typeof parsers,
  value: string | string[] | undefined,
): CallerTimeout {
  if (value === undefined) return { timeoutMs: undefined, fault: undefined };
  const { timeoutMs, error } = parsers[name](String(value), Number.MAX_SAFE_INTEGER);
  if (error !== undefined) return { timeoutMs: undefined, fault: fault("TIMEOUT_UNREADABLE") };
  return { timeoutMs: timeoutMs && Math.min(timeoutMs, longestTimerMs), fault: undefined };
}
