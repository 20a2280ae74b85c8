/**
 * The embedded Postgres could not be started, joined or stopped. The message is for the person who
 * runs Kith: what happened, what to do, and the end of Postgres's own log where it has one.
 */
export class EmbeddedPostgresError extends Error {
  override readonly name = "EmbeddedPostgresError";
}

/** True for a system error with one of these codes, such as "ENOENT". */
export function hasCode(error: unknown, ...codes: string[]): boolean {
  return error instanceof Error && "code" in error && codes.includes(String(error.code));
}
