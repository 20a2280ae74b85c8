import type { Link, Span, Tracer } from "@opentelemetry/api";
import { ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
import type { ContactReader, ContactReplacer, StoreOptions } from "../../contact/contact-store.ts";
import type { EndedTransaction, StoreObserver } from "../../contact/store-observer.ts";
import { CallTrace } from "./call-trace.ts";
import { spanTime } from "./clock.ts";

/** Attributes of a span of the database, by the semantic conventions. */
const database = { "db.system.name": "postgresql", "db.collection.name": "contact" } as const;

/**
 * Makes spans of the transactions of syncs: one for the wait of each request in its queue, and one for the
 * transaction. Requests share transactions, so the span of the transaction is a child of the first request's
 * span, and it and the spans of all its requests are linked to each other.
 */
export function createSpanObserver(tracer: Tracer): StoreObserver {
  return {
    watchQueues() {},
    watchBacklogs() {},
    onReads() {},
    onChange() {},
    onTransaction({ queue, outcome, batch, startedAt, endedAt }) {
      const requests = batch.requests.flatMap(({ call, queuedAt, entries }) => {
        const span = spanOf(call);
        return span === undefined ? [] : [{ span, queuedAt, entries: entries.length }];
      });
      const [first] = requests;
      if (first === undefined) return;

      for (const { span, queuedAt } of requests) {
        tracer
          .startSpan(
            "wait in queue",
            { startTime: spanTime(queuedAt), attributes: { "kith.queue": queue } },
            trace.setSpan(ROOT_CONTEXT, span),
          )
          .end(spanTime(startedAt));
      }
      const links: Link[] = requests.map(({ span }) => ({ context: span.spanContext() }));
      const transaction = tracer.startSpan(
        "sync contact",
        {
          kind: SpanKind.CLIENT,
          startTime: spanTime(startedAt),
          links,
          attributes: {
            ...database,
            "db.operation.name": "sync",
            "db.operation.batch.size": batch.inserts.length + batch.deletes.length,
            "kith.requests": batch.requests.length,
            "kith.outcome": outcome,
          },
        },
        trace.setSpan(ROOT_CONTEXT, first.span),
      );
      setOutcome(transaction, outcome);
      transaction.end(spanTime(endedAt));
      for (const { span } of requests) span.addLink({ context: transaction.spanContext() });
    },
  };
}

function setOutcome(span: Span, outcome: EndedTransaction["outcome"]): void {
  if (outcome === "committed") return;
  span.setAttribute("error.type", outcome);
  span.setStatus({ code: SpanStatusCode.ERROR });
}

export type TracedStore = ContactReader & ContactReplacer;

/** Makes a span of each call of the store, from its wait for a connection to its result. */
export function withStoreSpans<S extends TracedStore>(store: S, tracer: Tracer): S {
  async function inSpan<T>(
    operation: string,
    call: StoreOptions,
    work: () => Promise<T>,
  ): Promise<T> {
    const parent = spanOf(call);
    if (parent === undefined) return work();
    const span = tracer.startSpan(
      `${operation} contact`,
      {
        kind: SpanKind.CLIENT,
        startTime: spanTime(performance.now()),
        attributes: { ...database, "db.operation.name": operation },
      },
      trace.setSpan(ROOT_CONTEXT, parent),
    );
    try {
      return await work();
    } catch (error) {
      span.setStatus({ code: SpanStatusCode.ERROR });
      throw error;
    } finally {
      span.end(spanTime(performance.now()));
    }
  }

  return {
    ...store,
    listContacts: (app, id, page, call) =>
      inSpan("list", call, () => store.listContacts(app, id, page, call)),
    listOwners: (app, id, page, call) =>
      inSpan("list_owners", call, () => store.listOwners(app, id, page, call)),
    listMutual: (app, id, page, call) =>
      inSpan("list_mutual", call, () => store.listMutual(app, id, page, call)),
    check: (app, pairs, call) => inSpan("check", call, () => store.check(app, pairs, call)),
    count: (app, id, call) => inSpan("count", call, () => store.count(app, id, call)),
    fingerprint: (app, id, call) =>
      inSpan("fingerprint", call, () => store.fingerprint(app, id, call)),
    replace: (app, id, replacement, call) =>
      inSpan("replace", call, () => store.replace(app, id, replacement, call)),
  };
}

/** The span of the call, if the call is traced and sampled. */
function spanOf({ trace: callTrace }: StoreOptions): Span | undefined {
  return callTrace instanceof CallTrace && callTrace.span.isRecording()
    ? callTrace.span
    : undefined;
}
