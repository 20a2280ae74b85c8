import type { Generated, GeneratedAlways } from "kysely";

/** The tables as the migrations make them, for Kysely. */
export interface Database {
  app: AppTable;
  server_key: ServerKeyTable;
  contact: ContactTable;
}

export interface AppTable {
  id: GeneratedAlways<number>;
  name: string;
  created_at: Generated<Date>;
  /** The rate limit. Both columns are null if the app has no limit of its own. */
  contacts_per_second: number | null;
  burst: number | null;
}

export interface ServerKeyTable {
  id: string;
  app_id: number;
  /** SHA-256 of the secret, 32 bytes. */
  secret_sha256: Buffer;
  created_at: Generated<Date>;
  expires_at: Date | null;
  revoked_at: Date | null;
  name: string | null;
  last_used_at: Date | null;
}

export interface ContactTable {
  app_id: number;
  owner_id: string;
  contact_id: string;
  created_at: Generated<Date>;
}
