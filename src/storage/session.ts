import type pg from "pg";
import { processIdOf } from "./cancel-request.ts";
import type { DatabaseKind, Openings } from "./isolation.ts";
import { createOpenings } from "./isolation.ts";
import type { PooledSettings } from "./pooled-settings.ts";
import { createPooledSettings } from "./pooled-settings.ts";
import type { SessionOptions, SessionRow } from "./session-settings.ts";
import { sessionSettings, setForSession } from "./session-settings.ts";
import { isTimeout } from "./sqlstate.ts";

/** What is known of the server session, or of the sessions, that a connection leads to. */
export interface Session {
  /** The names of the statements that the connection has prepared. Absent: it prepares none. */
  readonly prepared: Set<string> | undefined;
  readonly openings: Openings;
  /** Present behind a pooler. */
  readonly pooled: PooledSettings | undefined;
}

export interface OpenSessionOptions extends SessionOptions {
  /** False: each statement is parsed and planned each time, for poolers that cannot prepare statements. */
  readonly prepares: boolean;
  readonly applicationName: string;
  readonly kind: DatabaseKind;
}

const sessions = new WeakMap<pg.ClientBase, Session>();
const openings = {
  primary: createOpenings("primary"),
  replica: createOpenings("replica"),
  distributed: createOpenings("distributed"),
};
/** Most attempts. No reasonable default of the database makes so many necessary. */
const maxAttempts = 100;

/**
 * Gives a new connection its settings. If another server process runs its statements than the one that the
 * server named at the start, there is a pooler in between. The session then gets no settings, because other
 * clients use it too: each transaction sets what it needs.
 */
export async function openSession(
  client: pg.ClientBase,
  options: OpenSessionOptions,
): Promise<void> {
  const prepared = options.prepares ? new Set<string>() : undefined;
  const { is_own: isOwn, has_citus: hasCitus } = await applySettings(client, options);
  if (isOwn) {
    sessions.set(client, { prepared, openings: openings[options.kind], pooled: undefined });
  } else {
    const pooled = createPooledSettings({ ...options, hasCitus });
    sessions.set(client, { prepared, openings: createOpenings(options.kind, pooled), pooled });
  }
}

/** @throws Error if the session has not been opened */
export function sessionOf(client: pg.ClientBase): Session {
  const session = sessions.get(client);
  if (session === undefined) throw new Error("the connection has no settings yet");
  return session;
}

/** Applies the settings, if the server process belongs to the connection. */
async function applySettings(client: pg.ClientBase, options: SessionOptions): Promise<SessionRow> {
  const text = setForSession(sessionSettings(options), processIdOf(client) ?? 0);
  for (let attempt = 1; ; attempt++) {
    try {
      const { rows } = await client.query<SessionRow>(text);
      return rows[0] ?? { is_own: false, has_citus: false };
    } catch (error) {
      // A short `statement_timeout` by default can end the very statement that changes it.
      if (!isTimeout(error) || attempt === maxAttempts) throw error;
    }
  }
}
