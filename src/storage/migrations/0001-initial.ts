import type { QueryExecutorProvider } from "kysely";
import { sql } from "kysely";

/**
 * `contact` has no foreign key to `app`: it would fire a trigger for every row that a sync
 * inserts. The keys of `contact` begin with the columns that a distributed Postgres would
 * shard by. Ids compare byte by byte (COLLATE "C"), which is exact and the cheapest order to keep.
 */
export async function up(db: QueryExecutorProvider): Promise<void> {
  await sql`
    CREATE TABLE app (
      id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      name text COLLATE "C" NOT NULL UNIQUE,
      created_at timestamptz NOT NULL DEFAULT now()
    )`.execute(db);
  await sql`
    CREATE TABLE server_key (
      id text COLLATE "C" PRIMARY KEY,
      app_id integer NOT NULL REFERENCES app,
      secret_sha256 bytea NOT NULL CHECK (octet_length(secret_sha256) = 32),
      created_at timestamptz NOT NULL DEFAULT now(),
      expires_at timestamptz,
      revoked_at timestamptz
    )`.execute(db);
  await sql`CREATE INDEX server_key_app ON server_key (app_id)`.execute(db);
  await sql`
    CREATE TABLE contact (
      app_id integer NOT NULL,
      owner_id text COLLATE "C" NOT NULL,
      contact_id text COLLATE "C" NOT NULL,
      created_at timestamptz NOT NULL DEFAULT now(),
      PRIMARY KEY (app_id, owner_id, contact_id)
    )`.execute(db);
  await sql`CREATE INDEX contact_reverse ON contact (app_id, contact_id, owner_id)`.execute(db);
}
