import { randomBytes } from "node:crypto";
import type { ContextKey, HandlerContext } from "@connectrpc/connect";
import { createContextKey } from "@connectrpc/connect";
import type { Principal } from "../access/key-verifier.ts";
import type { Fault } from "../errors.ts";
import type { Cancellation } from "./cancellation.ts";

/** What is known of one request, from its headers to its answer; the log line is made of it. */
export interface Call {
  readonly requestId: string;
  /** As in `contact.v1.ContactService/SyncContacts`; the path where it is not a known method. */
  readonly method: string;
  readonly protocol: string;
  /** The value of the header `Server-Key`, if there is one. Never logged. */
  readonly serverKey: string | undefined;
  /** By `performance.now()`, in milliseconds. */
  readonly startedAt: number;
  principal?: Principal;
  fault?: Fault;
  /** Set once the message is read and the interceptors run. */
  entered: boolean;
  /** Set where the way in has already kept the rules of the message. */
  validated: boolean;
  /** Set when the headers are read: what Connect knows of the call. */
  context?: HandlerContext;
  /** Set with the context. */
  cancellation?: Cancellation;
  /** Its place among the calls under way, while it is one of them. */
  position: number | undefined;
}

export const callKey: ContextKey<Call | undefined> = createContextKey(undefined, {
  description: "call",
});

export interface CallOptions {
  readonly method: string;
  readonly protocol: string;
  readonly serverKey?: string | string[] | undefined;
  /** The caller's own `X-Request-Id`, kept where it is safe to log. */
  readonly requestId?: string | string[] | undefined;
}

export function createCall({ method, protocol, serverKey, requestId }: CallOptions): Call {
  return {
    requestId: isSafeId(requestId) ? requestId : nextRequestId(),
    method,
    protocol,
    serverKey: typeof serverKey === "string" ? serverKey : undefined,
    startedAt: performance.now(),
    entered: false,
    validated: false,
    position: undefined,
  };
}

function isSafeId(id: unknown): id is string {
  return typeof id === "string" && /^[\w.:/+=@-]{1,128}$/.test(id);
}

const processId = randomBytes(6).toString("hex");
let requests = 0;

/** Unique among all processes: random for the process, counted within it. */
function nextRequestId(): string {
  requests += 1;
  return `${processId}-${requests.toString(36)}`;
}

/** The call that a context belongs to. */
export function callOf(values: { get<T>(key: ContextKey<T>): T }): Call {
  const call = values.get(callKey);
  if (call === undefined) throw new Error("the way in did not record the call");
  return call;
}

/** That the call ends early. Every call that passed its gate can. */
export function cancellationOf(call: Call): Cancellation {
  if (call.cancellation === undefined) throw new Error("the call did not pass the gate");
  return call.cancellation;
}
