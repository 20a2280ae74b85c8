/**
 * The embedded Postgres could not be started, joined or stopped. The message is for the operator. It
 * says what happened and what to do, and ends with the last lines of the Postgres log, if there are any.
 */
export class EmbeddedPostgresError extends Error {
  override readonly name = "EmbeddedPostgresError";
}

/** True for a system error with one of these codes, such as "ENOENT". */
export function hasCode(error: unknown, ...codes: string[]): boolean {
  return error instanceof Error && "code" in error && codes.includes(String(error.code));
}
