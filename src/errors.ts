/**
 * The table of all errors, with the name of each error and its form over gRPC and over REST.
 *
 * The rows with REST codes 40001 and 40002, their messages and fields are the documented contract of
 * Sync Contacts. This project has defined the other rows, because the documentation does not.
 */

export interface ErrorRow {
  /** Name of the gRPC status. Connect and gRPC-Web use the same status. */
  readonly grpc: GrpcCode;
  /** HTTP status of the REST response, repeated as `status` in its envelope. */
  readonly http: number;
  /** `error.code` of the REST envelope. */
  readonly rest: string;
  /** Public text. `fault` replaces `{name}` with a value. */
  readonly message: string;
  /** Seconds that a caller should wait before a retry, at least. Sent as `Retry-After`. */
  readonly retryAfter?: number;
}

export type GrpcCode =
  | "CANCELLED"
  | "INVALID_ARGUMENT"
  | "DEADLINE_EXCEEDED"
  | "RESOURCE_EXHAUSTED"
  | "NOT_FOUND"
  | "FAILED_PRECONDITION"
  | "UNIMPLEMENTED"
  | "INTERNAL"
  | "UNAVAILABLE"
  | "UNAUTHENTICATED";

const badParameter = { grpc: "INVALID_ARGUMENT", http: 400, rest: "40002" } as const;
const badServerKey = { grpc: "UNAUTHENTICATED", http: 401 } as const;

export const errors = {
  SERVER_KEY_MISSING: {
    grpc: "UNAUTHENTICATED",
    http: 400,
    rest: "40001",
    message: "Request headers are required (Server-Key)",
  },
  SERVER_KEY_MALFORMED: {
    ...badServerKey,
    rest: "49102",
    message: "Server-Key must be base64 of KEY_ID:KEY_SECRET",
  },
  SERVER_KEY_INVALID: { ...badServerKey, rest: "49103", message: "Server-Key is not valid" },
  SERVER_KEY_EXPIRED: { ...badServerKey, rest: "49106", message: "Server-Key has expired" },

  PARAM_REQUIRED: { ...badParameter, message: "Param '{param}' is required" },
  PARAM_EMPTY: { ...badParameter, message: "Param '{param}' cannot be empty" },
  PARAM_TYPE: { ...badParameter, message: "Param '{param}' must be {type}" },
  PARAM_TWICE: {
    ...badParameter,
    message: "Param '{param}' cannot be given twice, as '{param}' and '{other}'",
  },
  PARAM_TOO_MANY: {
    ...badParameter,
    message: "Param '{param}' cannot have more than {limit} entries",
  },
  PARAM_TOO_LONG: {
    ...badParameter,
    message: "Param '{param}' cannot be longer than {limit} characters",
  },
  PARAM_NUL: { ...badParameter, message: "Param '{param}' cannot contain a NUL character" },
  PARAM_NOT_UNICODE: {
    ...badParameter,
    message: "Param '{param}' must be valid Unicode, without lone surrogates",
  },
  PARAM_RANGE: { ...badParameter, message: "Param '{param}' must be from {least} to {most}" },
  PARAM_PAGE_TOKEN: {
    ...badParameter,
    message: "Param '{param}' is not a page token of this call and list",
  },
  BODY_UNREADABLE: { ...badParameter, message: "Request body must be valid {format}" },
  MESSAGE_COUNT: {
    grpc: "UNIMPLEMENTED",
    http: 400,
    rest: "40000",
    message: "The call must have exactly one request message",
  },
  MESSAGE_FLAGS: {
    grpc: "INTERNAL",
    http: 400,
    rest: "40000",
    message: "The flags of a request message are not valid",
  },
  MESSAGE_UNREADABLE: {
    grpc: "INTERNAL",
    http: 400,
    rest: "40000",
    message: "A request message of the stream cannot be read",
  },
  BODY_NOT_OBJECT: { ...badParameter, message: "Request body must be a JSON object" },
  BODY_TOO_MANY_VALUES: {
    ...badParameter,
    message: "Request body cannot have more than {limit} values",
  },
  CONNECT_VERSION: { ...badParameter, message: "Connect-Protocol-Version must be 1" },
  TIMEOUT_UNREADABLE: { ...badParameter, message: "Request timeout header is not valid" },

  FINGERPRINT_MISMATCH: {
    grpc: "FAILED_PRECONDITION",
    http: 409,
    rest: "40900",
    message: "The contact list does not have the expected fingerprint",
  },

  BAD_REQUEST: {
    grpc: "INVALID_ARGUMENT",
    http: 400,
    rest: "40000",
    message: "Malformed HTTP request",
  },
  REQUEST_TIMEOUT: {
    grpc: "DEADLINE_EXCEEDED",
    http: 408,
    rest: "40800",
    message: "The request did not arrive in time",
  },
  NOT_FOUND: { grpc: "UNIMPLEMENTED", http: 404, rest: "40400", message: "Unknown path" },
  UNKNOWN_SERVICE: { grpc: "NOT_FOUND", http: 404, rest: "40400", message: "Unknown service" },
  METHOD_NOT_ALLOWED: {
    grpc: "UNIMPLEMENTED",
    http: 405,
    rest: "40500",
    message: "Method must be POST",
  },
  URI_TOO_LONG: {
    grpc: "INVALID_ARGUMENT",
    http: 414,
    rest: "41400",
    message: "The URL cannot be longer than {limit} bytes",
  },
  HEADERS_TOO_LARGE: {
    grpc: "INVALID_ARGUMENT",
    http: 431,
    rest: "43100",
    message: "The request headers cannot be larger than {limit} bytes",
  },
  EXPECTATION_FAILED: {
    grpc: "INVALID_ARGUMENT",
    http: 417,
    rest: "41700",
    message: "Expect must be 100-continue",
  },
  METHOD_NOT_GET: {
    grpc: "UNIMPLEMENTED",
    http: 405,
    rest: "40500",
    message: "Method must be GET or HEAD",
  },
  BODY_TOO_LARGE: {
    grpc: "RESOURCE_EXHAUSTED",
    http: 413,
    rest: "41300",
    message: "Request body cannot be larger than {limit} bytes",
  },
  UNSUPPORTED_MEDIA_TYPE: {
    grpc: "UNIMPLEMENTED",
    http: 415,
    rest: "41500",
    message: "Content-Type must be {types}",
  },
  UNSUPPORTED_ENCODING: {
    grpc: "UNIMPLEMENTED",
    http: 415,
    rest: "41500",
    message: "Content encoding must be gzip or identity",
  },

  OVERLOADED: {
    grpc: "RESOURCE_EXHAUSTED",
    http: 429,
    rest: "42900",
    message: "The service has too much to do; try again",
    retryAfter: 1,
  },
  RATE_LIMITED: {
    grpc: "RESOURCE_EXHAUSTED",
    http: 429,
    rest: "42900",
    message: "The app has used its rate limit of {limit} contacts per second",
    retryAfter: 1,
  },
  TOO_MANY_STREAMS: {
    grpc: "RESOURCE_EXHAUSTED",
    http: 429,
    rest: "42900",
    message: "Too many streams are open",
    retryAfter: 10,
  },
  CANCELLED: {
    grpc: "CANCELLED",
    http: 499,
    rest: "49900",
    message: "The caller cancelled the request",
  },
  INTERNAL: { grpc: "INTERNAL", http: 500, rest: "50000", message: "Internal error" },
  METHOD_UNKNOWN: {
    grpc: "UNIMPLEMENTED",
    http: 501,
    rest: "50100",
    message: "The method is unknown",
  },
  UNSUPPORTED_TRANSFER_ENCODING: {
    grpc: "UNIMPLEMENTED",
    http: 501,
    rest: "50100",
    message: "Transfer-Encoding must be chunked",
  },
  UNSUPPORTED_HTTP_VERSION: {
    grpc: "UNIMPLEMENTED",
    http: 505,
    rest: "50500",
    message: "The HTTP version must be {versions}",
  },
  DATABASE_UNAVAILABLE: {
    grpc: "UNAVAILABLE",
    http: 503,
    rest: "50300",
    message: "The service cannot reach its database; try again",
    retryAfter: 1,
  },
  DEADLINE_EXCEEDED: {
    grpc: "DEADLINE_EXCEEDED",
    http: 504,
    rest: "50400",
    message: "The deadline of the request passed",
  },
} as const satisfies Record<string, ErrorRow>;

export type Reason = keyof typeof errors;

/** The location of a fault in a request message. */
export interface FaultLocation {
  /** Path with proto names, as in `google.rpc.BadRequest`: `contacts[3].owner_xc_user_id`. */
  readonly path: string;
  /** The documented number of the field, as in the REST envelope's `error.field`. */
  readonly fieldCode: string;
}

/**
 * An error whose message a client may see. Only the log contains the cause. It has no stack: to capture one
 * would take longer than all other work for a call that is rejected.
 */
export class Fault extends Error {
  readonly reason: Reason;
  readonly at: FaultLocation | undefined;

  constructor(reason: Reason, message: string, at?: FaultLocation, cause?: unknown) {
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    super(message, cause === undefined ? undefined : { cause });
    Error.stackTraceLimit = stackTraceLimit;
    this.name = "Fault";
    this.reason = reason;
    this.at = at;
  }

  get row(): ErrorRow {
    return errors[this.reason];
  }

  /** Whether the row says all that a client sees of the fault, so that its response is always the same. */
  get isConstant(): boolean {
    return this.at === undefined && this.cause === undefined && this.message === this.row.message;
  }

  /** Seconds that the caller should wait before a retry. Undefined if a retry does not help. */
  get retryAfter(): number | undefined {
    return this.row.retryAfter;
  }
}

/**
 * Creates a fault from its row in the table.
 *
 * @param values values for the `{name}` placeholders in the message of the row
 * @param options.suffix text to add to the message, such as ` (contacts[3])`
 */
export function fault(
  reason: Reason,
  values: Readonly<Record<string, string>> = {},
  options: { at?: FaultLocation; suffix?: string; cause?: unknown } = {},
): Fault {
  const text = errors[reason].message.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = values[name];
    if (value === undefined) throw new TypeError(`${reason} needs a value for ${name}`);
    return value;
  });
  return new Fault(reason, text + (options.suffix ?? ""), options.at, options.cause);
}
