import type { Span } from "@opentelemetry/api";

/** The span of a call. */
export class CallTrace {
  readonly span: Span;

  constructor(span: Span) {
    this.span = span;
  }

  get traceId(): string {
    return this.span.spanContext().traceId;
  }

  get spanId(): string {
    return this.span.spanContext().spanId;
  }
}
