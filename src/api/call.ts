import { randomBytes } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import type { Principal } from "../access/key-verifier.ts";
import type { Quota } from "../access/rate-limiter.ts";
import { Fault, fault } from "../errors.ts";
import { Cancellation } from "./cancellation.ts";

/** The protocol of a call, as the log names it. */
export type Protocol = "grpc" | "grpc-web" | "connect" | "rest";

export interface CallOptions {
  /** Such as `contact.v1.ContactService/SyncContacts`, or `unknown` if the path is not known. */
  readonly method: string;
  readonly protocol: Protocol;
  /**
   * The headers of the request, or the metadata of a gRPC call. `Server-Key`, `X-Request-Id` (if it is safe to
   * log), `X-Allow-Stale`, the trace, and the address of the client are read from them.
   */
  readonly headers?: IncomingHttpHeaders;
  /** The address at the other end of the connection. */
  readonly peerAddress?: string | undefined;
  /** The method and the path of the request, if the call came over HTTP. */
  readonly http?: HttpTarget | undefined;
  /** The timeout that the caller has set, in milliseconds from now. If absent, the caller has set none. */
  readonly callerTimeoutMs?: number | undefined;
  /** The maximum duration of the call, in milliseconds. If absent, there is no limit. */
  readonly timeoutMs?: number | undefined;
}

export interface HttpTarget {
  readonly method: string;
  /** The path of the route, such as `/v1/server/contact/sync`. */
  readonly route: string;
}

/** The ids of a call in a trace. */
export interface CallTrace {
  readonly traceId: string;
  readonly spanId: string;
}

/** One call, from its headers to the end of its response. The log line is made from it. */
export class Call {
  readonly requestId: string;
  readonly method: string;
  readonly protocol: Protocol;
  /** The value of the header `Server-Key`. It is never logged. */
  readonly serverKey: string | undefined;
  /** Whether a read may be answered by a replica. */
  readonly allowsStale: boolean;
  /** The start of the call, in milliseconds of `performance.now()`. */
  readonly startedAt = performance.now();
  /** Cancelled when the deadline is exceeded, or when the caller disconnects. */
  readonly cancellation = new Cancellation();
  readonly http: HttpTarget | undefined;
  /** The address of the client, as far as it is known. Set by the lifecycle. */
  clientAddress: string | undefined;
  /** Absent unless the call is traced. Set by the lifecycle. */
  trace: CallTrace | undefined;
  /** Set by the auth interceptor. */
  principal: Principal | undefined;
  /** Absent unless the app of the caller has a rate limit. Set by the interceptor of rate limits. */
  quota: Quota | undefined;
  /** The error that the call ended with. Set by `fail`. */
  fault: Fault | undefined;
  /** The index of this call in `CallsInFlight`. */
  position: number | undefined;
  /** Whether the caller's own timeout sets the deadline. */
  readonly hasCallerDeadline: boolean;
  /** When the call must have ended, on the clock of `startedAt`; `Infinity` if there is no limit. */
  readonly deadline: number;

  constructor(options: CallOptions) {
    const { method, protocol, headers = {} } = options;
    const { "server-key": serverKey, "x-request-id": requestId } = headers;
    const { callerTimeoutMs = Infinity, timeoutMs: limitMs = Infinity } = options;
    this.requestId = isSafeId(requestId) ? requestId : nextRequestId();
    this.method = method;
    this.protocol = protocol;
    this.http = options.http;
    this.serverKey = typeof serverKey === "string" ? serverKey : undefined;
    this.allowsStale = headers["x-allow-stale"] === "true";
    const timeoutMs = Math.min(callerTimeoutMs, limitMs);
    this.hasCallerDeadline = callerTimeoutMs < limitMs;
    this.deadline = this.startedAt + timeoutMs;
    if (timeoutMs <= 0) this.expire();
  }

  /** Milliseconds until the deadline, or `Infinity` without a deadline. */
  timeLeftMs(): number {
    return this.deadline - performance.now();
  }

  /**
   * Records the error that the call ends with; only the first one counts. Every error that is not a fault
   * is a bug. Its text stays in the cause, which only the log contains.
   *
   * @returns the recorded fault
   */
  fail(error: unknown): Fault {
    this.fault ??= error instanceof Fault ? error : fault("INTERNAL", {}, { cause: error });
    return this.fault;
  }

  /** Cancels the call, because its deadline is exceeded. The lifecycle calls it in time. */
  expire(): void {
    this.cancellation.abort(fault("DEADLINE_EXCEEDED"));
  }

  /** Removes the listeners of the cancellation token. */
  release(): void {
    this.cancellation.release();
  }
}

function isSafeId(id: unknown): id is string {
  return typeof id === "string" && /^[\w.:/+=@-]{1,128}$/.test(id);
}

const processId = randomBytes(6).toString("hex");
let requests = 0;

/** Unique among all processes: a random part for the process and a counter. */
function nextRequestId(): string {
  requests += 1;
  return `${processId}-${requests.toString(36)}`;
}
