import type { ContactReader, StoreOptions } from "../contact/contact-store.ts";
import type { FairTasks } from "../contact/fair-tasks.ts";
import type { Page, PageRequest } from "../contact/page.ts";
import type { StoreObserver } from "../contact/store-observer.ts";
import type { CreateChecks } from "./check-pairs.ts";
import type { Pool } from "./database.ts";
import type { Rows } from "./encoded-statement.ts";
import { encode } from "./encoded-statement.ts";
import { createJoinedReads } from "./joined-reads.ts";
import type { ReadStatements } from "./read-statements.ts";
import { readAlone } from "./read-transaction.ts";
import { createSharedReads } from "./shared-reads.ts";
import type { Statement } from "./statement.ts";
import { withRetries } from "./transaction.ts";

export interface ContactReaderOptions {
  readonly pool: Pool;
  /** Longest that a read is retried, in milliseconds. */
  readonly timeoutMs: number;
  readonly statements: ReadStatements;
  readonly createChecks: CreateChecks;
  readonly observer?: StoreObserver | undefined;
  /** Limits the connections of reads that may read a whole list, and shares them among the apps. */
  readonly longReads: FairTasks;
}

/**
 * Small, so that the database works on some reads while the rows of others are parsed. The unit of amounts is an
 * entry of a page.
 */
const joinedLimits = { maxInFlight: 4, maxReads: 8, maxAmount: 1_000 };

/** Postgres counts time in microseconds since the start of 2000. */
const microsFrom1970To2000 = Date.UTC(2000, 0) * 1_000;
const timeBytes = 8;

/** Reads contacts from Postgres. Each call is one statement, but checks share statements. */
export function createContactReader({
  pool,
  timeoutMs,
  statements,
  createChecks,
  observer,
  longReads,
}: ContactReaderOptions): ContactReader {
  const share = createSharedReads<Rows>();
  const join = createJoinedReads({ pool, observer, ...joinedLimits });

  /** For statements that are short for all values. */
  function readJoined(
    appId: number,
    amount: number,
    statement: Statement,
    call: StoreOptions,
  ): Promise<Rows> {
    const { signal } = call;
    return retry(call, () => join({ appId, amount, statement: encode(statement), signal }));
  }

  /** For statements that may read a long list: no joined read waits for them, and the same ones are shared. */
  function readSingly(appId: number, statement: Statement, call: StoreOptions): Promise<Rows> {
    const key = JSON.stringify([statement.name, ...statement.values]);
    return share(key, call, (shared) =>
      longReads.run(appId, shared.signal, () =>
        retry(shared, () => readAlone(pool, encode(statement), shared.signal)),
      ),
    );
  }

  function retry<Result>(call: StoreOptions, read: () => Promise<Result>): Promise<Result> {
    const leftMs = Math.min(call.timeLeftMs?.() ?? Infinity, timeoutMs);
    return withRetries({ signal: call.signal, endsAt: performance.now() + leftMs }, read);
  }

  return {
    async listContacts(appId, ownerId, page, options) {
      const statement = statements.listContacts(appId, ownerId, page);
      return parsePage(await readJoined(appId, page.size, statement, options), page);
    },

    async listOwners(appId, contactId, page, options) {
      const statement = statements.listOwners(appId, contactId, page);
      return parsePage(await readJoined(appId, page.size, statement, options), page);
    },

    async listMutual(appId, ownerId, page, options) {
      const statement = statements.listMutual(appId, ownerId, page);
      return parsePage(await readSingly(appId, statement, options), page);
    },

    check: createChecks({ pool, retry, observer }),

    async count(appId, userId, options) {
      const [row = []] = await readSingly(appId, statements.count(appId, userId), options);
      const [contacts, owners] = row;
      return { contacts: Number(contacts), owners: Number(owners) };
    },

    async fingerprint(appId, ownerId, options) {
      const [row = []] = await readSingly(appId, statements.fingerprint(appId, ownerId), options);
      const [fingerprint, contacts] = row;
      return { fingerprint: fingerprint ?? "", contacts: Number(contacts) };
    },
  };
}

/** An entry after the page only shows that the list has more. */
function parsePage([row = []]: Rows, { size }: PageRequest): Page {
  const ids = JSON.parse(row[0] ?? "[]") as string[];
  const times = Buffer.from(row[1] ?? "", "hex");
  const entries = ids.slice(0, size).map((id, n) => ({
    id,
    createdAtMicros: microsFrom1970To2000 + readInt64(times, n * timeBytes),
  }));
  const nextAfter = ids.length > size ? entries.at(-1)?.id : (row[2] ?? undefined);
  return { entries, nextAfter };
}

/** Exact for safe integers. */
function readInt64(bytes: Buffer, at: number): number {
  return bytes.readInt32BE(at) * 2 ** 32 + bytes.readUInt32BE(at + 4);
}
