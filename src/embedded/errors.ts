/**
 * The embedded Postgres could not be started, joined or stopped. The message is for the person who
 * runs Kith: what happened, what to do, and the end of Postgres's own log where it has one.
 */
export class EmbeddedPostgresError extends Error {
  override readonly name = "EmbeddedPostgresError";
}

/** The error as it is if it already speaks to the user, or else wrapped in a sentence that does. */
export function asEmbeddedPostgresError(error: unknown, what: string): EmbeddedPostgresError {
  if (error instanceof EmbeddedPostgresError) return error;
  const reason = error instanceof Error ? error.message : String(error);
  const advice = hasCode(error, "EACCES", "EPERM", "EROFS")
    ? ". Run Kith as the user it ran as before, set DATA_DIR to a directory of your own, " +
      "or set DATABASE_URL to a Postgres of your own."
    : "";
  return new EmbeddedPostgresError(`${what}: ${reason}${advice}`, { cause: error });
}

/** True for a system error with one of these codes, such as "ENOENT". */
export function hasCode(error: unknown, ...codes: string[]): boolean {
  return error instanceof Error && "code" in error && codes.includes(String(error.code));
}
