import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import type { DatabaseAddress } from "./database-url.ts";

export interface PasswordQuestion extends DatabaseAddress {
  readonly database: string;
  readonly user: string;
}

/**
 * Finds a password in a password file of libpq: lines of `host:port:database:user:password`, in which `*`
 * stands for any value and a backslash precedes a colon or a backslash.
 *
 * @returns undefined if the file does not exist, or has no such line
 */
export async function findPassword(
  path: string | undefined,
  { host, port, database, user }: PasswordQuestion,
): Promise<string | undefined> {
  const text = await readFile(path ?? `${homedir()}/.pgpass`, "utf8").catch(() => "");
  const wanted = [host.startsWith("/") ? "localhost" : host, String(port), database, user];
  for (const line of text.split("\n")) {
    if (line.startsWith("#")) continue;
    const fields =
      line
        .trimEnd()
        .match(/(\\.|[^:\\])+|(?<=:)(?=:|$)/g)
        ?.map(withoutBackslashes) ?? [];
    const password = fields.slice(wanted.length).join(":");
    const matches = wanted.every((value, n) => fields[n] === "*" || fields[n] === value);
    if (matches && password !== "") return password;
  }
  return undefined;
}

function withoutBackslashes(field: string): string {
  return field.replaceAll(/\\(.)/g, "$1");
}
