import type { DatabaseClient } from "./database-client.ts";

/** `target_session_attrs` of libpq. */
export type SessionKind =
  | "any"
  | "read-write"
  | "read-only"
  | "primary"
  | "standby"
  | "prefer-standby";

const question = `
  SELECT pg_is_in_recovery() AS standby, current_setting('transaction_read_only') = 'on' AS read_only`;

/** It has the code of a standby that was a primary, so it counts as an unavailable database. */
class SessionKindError extends Error {
  readonly code = "25006";
}

/**
 * Checks that the server has sessions of the wanted kind.
 *
 * @param isLastResort whether a session of another kind than the preferred one is accepted
 * @throws Error if it has not
 */
export async function checkSessionKind(
  client: DatabaseClient,
  kind: SessionKind,
  isLastResort: boolean,
): Promise<void> {
  if (kind === "any" || (kind === "prefer-standby" && isLastResort)) return;
  const { rows } = await client.query<{ standby: boolean; read_only: boolean }>(question);
  const { standby = false, read_only: readOnly = false } = rows[0] ?? {};
  const isWanted = {
    "read-write": !readOnly && !standby,
    "read-only": readOnly || standby,
    primary: !standby,
    standby,
    "prefer-standby": standby,
  }[kind];
  if (isWanted) return;
  throw new SessionKindError(`no host of the URL has target_session_attrs=${kind}`);
}
