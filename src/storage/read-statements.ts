import type { AliasableExpression, Expression, Kysely } from "kysely";
import { sql } from "kysely";
import type { ContactPair } from "../contact/contact-store.ts";
import type { PageRequest } from "../contact/page.ts";
import type { Database } from "./schema.ts";
import type { Statement } from "./statement.ts";
import { statementText } from "./statement.ts";

/** The statements that read contacts, each with the values of a call. */
export interface ReadStatements {
  /**
   * One row with the entries of the page, plus one entry if the list has more. First column: the contact
   * ids in order, as a JSON list. Second column: for each of them the time when it was added, in
   * microseconds since the start of 2000, as eight bytes in hexadecimal. Both are null if there are none.
   */
  listContacts(appId: number, ownerId: string, page: PageRequest): Statement;
  /** One row like that of `listContacts`, with owner ids. */
  listOwners(appId: number, contactId: string, page: PageRequest): Statement;
  /**
   * One row like that of `listContacts`. The third column is set if the page is not full and the list may have
   * more: the last contact that was looked at. At most `maxExamined` contacts are looked at.
   */
  listMutual(appId: number, ownerId: string, page: PageRequest): Statement;
  /**
   * One row: the positions of the pairs that exist, from 1, in any order. Mutual pairs have an `m` after
   * the position, as in `1,2m,5`. Null if no pair exists.
   */
  check(appId: number, pairs: readonly ContactPair[]): Statement;
  /** One row: the number of contacts in the list, and of lists that contain the user. */
  count(appId: number, userId: string): Statement;
  /** One row: the fingerprint, and the number of contacts in the list. */
  fingerprint(appId: number, ownerId: string): Statement;
}

export function createReadStatements(db: Kysely<Database>): ReadStatements {
  const texts = {
    listContacts: statementText("list_contacts", selectPage(db, selectContacts(db))),
    listOwners: statementText("list_owners", selectPage(db, selectOwners(db))),
    listMutual: statementText("list_mutual", selectMutualPage(db)),
    check: statementText("check_contacts", selectChecks(db)),
    count: statementText("count_contacts", selectCounts(db)),
    fingerprint: statementText("fingerprint_contacts", selectFingerprint(db)),
  };
  const pageOf = (appId: number, userId: string, { after = "", size }: PageRequest) => [
    appId,
    userId,
    after,
    size + 1,
  ];
  return {
    listContacts: (appId, ownerId, page) => ({
      ...texts.listContacts,
      values: pageOf(appId, ownerId, page),
    }),
    listOwners: (appId, contactId, page) => ({
      ...texts.listOwners,
      values: pageOf(appId, contactId, page),
    }),
    listMutual: (appId, ownerId, page) => ({
      ...texts.listMutual,
      values: pageOf(appId, ownerId, page),
    }),
    check: (appId, pairs) => ({
      ...texts.check,
      values: [appId, pairs.map(({ ownerId }) => ownerId), pairs.map(({ contactId }) => contactId)],
    }),
    count: (appId, userId) => ({
      ...texts.count,
      values: [appId, userId],
    }),
    fingerprint: (appId, ownerId) => ({
      ...texts.fingerprint,
      values: [appId, ownerId],
    }),
  };
}

const appId = sql<number>`$1`;
const userId = sql<string>`$2`;
const after = sql<string>`$3`;
const limit = sql<number>`$4`;

type EntryRow = { id: string; created_at: Date };

/**
 * One row for all entries of a page. Parsing a hundred rows would take as long as finding them. The times
 * are in the binary form of Postgres: to format each as text would take longer than all other work.
 */
function selectEntries(db: Kysely<Database>, entries: AliasableExpression<EntryRow>) {
  const times = sql`string_agg(timestamptz_send(created_at), '' order by id)`;
  return db
    .selectFrom(entries.as("entry"))
    .select([
      sql<string | null>`json_agg(id order by id)`.as("ids"),
      sql<string | null>`encode(${times}, 'hex')`.as("times"),
    ]);
}

function selectPage(db: Kysely<Database>, entries: AliasableExpression<EntryRow>): string {
  return selectEntries(db, entries).compile().sql;
}

function selectContacts(db: Kysely<Database>) {
  return db
    .selectFrom("contact")
    .select(["contact_id as id", "created_at"])
    .where("app_id", "=", appId)
    .where("owner_id", "=", userId)
    .where("contact_id", ">", after)
    .orderBy("contact_id")
    .limit(limit);
}

function selectOwners(db: Kysely<Database>) {
  return db
    .selectFrom("contact")
    .select(["owner_id as id", "created_at"])
    .where("app_id", "=", appId)
    .where("contact_id", "=", userId)
    .where("owner_id", ">", after)
    .orderBy("owner_id")
    .limit(limit);
}

/** Contacts that a page of mutual contacts looks at. They limit its statement to a few tens of milliseconds. */
export const maxExamined = 5_000;

function selectMutualPage(db: Kysely<Database>): string {
  const ids = db
    .selectFrom("contact")
    .select("contact_id as id")
    .where("app_id", "=", appId)
    .where("owner_id", "=", userId)
    .where("contact_id", ">", after)
    .orderBy("contact_id");
  const examined = ids.limit(sql.lit(maxExamined)).as("examined");
  const id = sql.ref<string>("examined.id");
  const mutual = db
    .selectFrom(examined)
    // Only the index has to be read for contacts that are not mutual.
    .select(["id", findPair(db, userId, id).select("created_at").$asScalar().as("created_at")])
    .where(isThere(db, id, userId))
    .orderBy("id")
    .limit(limit);
  const last = ids.limit(sql.lit(1)).offset(sql.lit(maxExamined - 1));
  return selectEntries(db, mutual.$castTo<EntryRow>())
    .select(sql<string | null>`case when count(*) < ${limit} then ${last} end`.as("last"))
    .compile().sql;
}

type PairRow = { owner_id: string; contact_id: string; position: number };

/** One row for all pairs. Parsing a thousand rows would take longer than finding them. */
function selectChecks(db: Kysely<Database>): string {
  const pairs = sql<PairRow>`unnest($2::text[], $3::text[]) with ordinality`;
  const [owner, contact] = [sql.ref<string>("pair.owner_id"), sql.ref<string>("pair.contact_id")];
  const isContact = isThere(db, owner, contact);
  const isBack = isThere(db, contact, owner);
  const positions = sql`concat(position, case when ${isBack} then 'm' end)`;
  return db
    .selectFrom(pairs.as<"pair">(sql`pair(owner_id, contact_id, position)`))
    .select(
      sql<string | null>`string_agg(${positions}, ',') filter (where ${isContact})`.as("found"),
    )
    .compile().sql;
}

/**
 * Whether a pair exists: true or null. A scalar subquery is always one index look-up. The planner may
 * turn an EXISTS or a join into a scan of all rows of the app.
 */
function isThere(db: Kysely<Database>, owner: Expression<string>, contact: Expression<string>) {
  return findPair(db, owner, contact).select(sql.lit(true).as("found")).$asScalar();
}

function findPair(db: Kysely<Database>, owner: Expression<string>, contact: Expression<string>) {
  return db
    .selectFrom("contact as other")
    .where("other.app_id", "=", appId)
    .where("other.owner_id", "=", owner)
    .where("other.contact_id", "=", contact);
}

function selectCounts(db: Kysely<Database>): string {
  const countWhere = (column: "owner_id" | "contact_id") =>
    db
      .selectFrom("contact")
      .select((eb) => eb.fn.countAll().as("count"))
      .where("app_id", "=", appId)
      .where(column, "=", userId);
  return db
    .selectNoFrom([countWhere("owner_id").as("contacts"), countWhere("contact_id").as("owners")])
    .compile().sql;
}

/**
 * The fingerprint is part of the contract: the first 32 hexadecimal digits of the SHA-256 of the ids, in
 * the order of their UTF-8 bytes (the order of the index), each followed by a NUL byte.
 */
function selectFingerprint(db: Kysely<Database>): string {
  const nul = sql`decode('00', 'hex')`;
  const ids = sql`string_agg(convert_to(contact_id, 'UTF8'), ${nul} order by contact_id) || ${nul}`;
  return db
    .selectFrom("contact")
    .select((eb) => [
      sql<string>`left(encode(sha256(coalesce(${ids}, '')), 'hex'), 32)`.as("fingerprint"),
      eb.fn.countAll().as("contacts"),
    ])
    .where("app_id", "=", appId)
    .where("owner_id", "=", userId)
    .compile().sql;
}
