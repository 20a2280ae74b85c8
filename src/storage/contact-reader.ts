import type { CallOptions, CheckResult, ContactReader } from "../contact/contact-store.ts";
import type { Page, PageRequest } from "../contact/page.ts";
import { textArray } from "./array-parameter.ts";
import type { Pool } from "./database.ts";
import { createJoinedReads } from "./joined-reads.ts";
import type { Rows, Statement, WrittenStatement } from "./pipeline.ts";
import { runAlone } from "./pipeline.ts";
import type { ReadStatements } from "./read-statements.ts";
import { withRetries } from "./transaction.ts";

export interface ContactReaderOptions {
  readonly pool: Pool;
  readonly statements: ReadStatements;
}

/** Small enough that the database has work while the rows of others are being read. */
const joinedLimits = { maxInFlight: 4, maxStatements: 8 };

/** Postgres counts time from the start of 2000, in microseconds. */
const microsFrom1970To2000 = Date.UTC(2000, 0) * 1_000;
const timeBytes = 8;

/** Reads contacts from Postgres: each call is one statement, and so of one moment. */
export function createContactReader({ pool, statements }: ContactReaderOptions): ContactReader {
  const join = createJoinedReads({ pool, ...joinedLimits });

  /** For statements that are short whatever their values. */
  function readJoined(statement: Statement, { signal }: CallOptions): Promise<Rows> {
    return withRetries(() => join(written(statement), signal));
  }

  /** For statements that may go through a whole list, which others are not to wait for. */
  function readAlone(statement: Statement, { signal }: CallOptions): Promise<Rows> {
    return withRetries(async () => {
      signal.throwIfAborted();
      return runAlone(pool, written(statement));
    });
  }

  return {
    async listContacts(appId, ownerId, page, options) {
      const statement = statements.listContacts(appId, ownerId, page);
      return toPage(await readJoined(statement, options), page);
    },

    async listOwners(appId, contactId, page, options) {
      const statement = statements.listOwners(appId, contactId, page);
      return toPage(await readJoined(statement, options), page);
    },

    async listMutual(appId, ownerId, page, options) {
      const statement = statements.listMutual(appId, ownerId, page);
      return toPage(await readAlone(statement, options), page);
    },

    async check(appId, pairs, options) {
      const [row = []] = await readJoined(statements.check(appId, pairs), options);
      return toChecks(row[0] ?? null, pairs.length);
    },

    async count(appId, userId, options) {
      const [row = []] = await readAlone(statements.count(appId, userId), options);
      const [contacts, owners] = row;
      return { contacts: Number(contacts), owners: Number(owners) };
    },

    async fingerprint(appId, ownerId, options) {
      const [row = []] = await readAlone(statements.fingerprint(appId, ownerId), options);
      const [fingerprint, contacts] = row;
      return { fingerprint: fingerprint ?? "", contacts: Number(contacts) };
    },
  };
}

function written({ name, text, values }: Statement): WrittenStatement {
  return {
    name,
    text,
    values: values.map((value) => (Array.isArray(value) ? textArray(value) : String(value))),
  };
}

/** The entry beyond the page only tells that there are more. */
function toPage([row = []]: Rows, { size }: PageRequest): Page {
  const ids = JSON.parse(row[0] ?? "[]") as string[];
  const times = Buffer.from(row[1] ?? "", "hex");
  const entries = ids.slice(0, size).map((id, n) => ({
    id,
    createdAtMicros: microsFrom1970To2000 + readInt64(times, n * timeBytes),
  }));
  return { entries, hasMore: ids.length > size };
}

/** Exact within safe integers. */
function readInt64(bytes: Buffer, at: number): number {
  return bytes.readInt32BE(at) * 2 ** 32 + bytes.readUInt32BE(at + 4);
}

function toChecks(found: string | null, count: number): CheckResult[] {
  const results = Array.from({ length: count }, () => ({ isContact: false, isMutual: false }));
  for (const position of found?.split(",") ?? []) {
    results[Number.parseInt(position, 10) - 1] = {
      isContact: true,
      isMutual: position.endsWith("m"),
    };
  }
  return results;
}
