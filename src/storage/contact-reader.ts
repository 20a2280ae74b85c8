import type { CallOptions, CheckResult, ContactReader } from "../contact/contact-store.ts";
import type { Page, PageRequest } from "../contact/page.ts";
import { withConnection } from "./connection.ts";
import type { Pool } from "./database.ts";
import type { Statement } from "./pipeline.ts";
import type { ReadStatements } from "./read-statements.ts";
import { runStatement } from "./statement.ts";
import { withRetries } from "./transaction.ts";

export interface ContactReaderOptions {
  readonly pool: Pool;
  readonly statements: ReadStatements;
}

/** Reads contacts from Postgres: each call is one statement, and so of one moment. */
export function createContactReader({ pool, statements }: ContactReaderOptions): ContactReader {
  async function read(statement: Statement, { signal }: CallOptions) {
    signal.throwIfAborted();
    return withRetries(() =>
      withConnection(pool, async (client) => {
        signal.throwIfAborted();
        const { rows } = await runStatement(client, statement);
        return rows;
      }),
    );
  }

  return {
    async listContacts(appId, ownerId, page, options) {
      const statement = statements.listContacts(appId, ownerId, page);
      return toPage(await read(statement, options), page);
    },

    async listOwners(appId, contactId, page, options) {
      const statement = statements.listOwners(appId, contactId, page);
      return toPage(await read(statement, options), page);
    },

    async listMutual(appId, ownerId, page, options) {
      const statement = statements.listMutual(appId, ownerId, page);
      return toPage(await read(statement, options), page);
    },

    async check(appId, pairs, options) {
      const [row = []] = await read(statements.check(appId, pairs), options);
      return toChecks(row[0] as string | null, pairs.length);
    },

    async count(appId, userId, options) {
      const [row = []] = await read(statements.count(appId, userId), options);
      const [contacts, owners] = row;
      return { contacts: Number(contacts), owners: Number(owners) };
    },

    async fingerprint(appId, ownerId, options) {
      const [row = []] = await read(statements.fingerprint(appId, ownerId), options);
      const [fingerprint, contacts] = row;
      return { fingerprint: fingerprint as string, contacts: Number(contacts) };
    },
  };
}

/** The row beyond the page only tells that there are more. */
function toPage(rows: readonly unknown[][], { size }: PageRequest): Page {
  return {
    entries: rows.slice(0, size).map(([id, createdAtSeconds]) => ({
      id: id as string,
      // Without its point it is the number of microseconds, with no fraction that could be rounded.
      createdAtMicros: Number((createdAtSeconds as string).replace(".", "")),
    })),
    hasMore: rows.length > size,
  };
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
