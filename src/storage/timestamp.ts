import type { RawBuilder } from "kysely";
import { sql } from "kysely";

/** The latest time that a Date can hold, in milliseconds from 1970; the earliest is its negative. */
const maxDateMs = 8.64e15;

/**
 * Selects a `timestamptz` column as seconds from 1970, in decimal digits. DateStyle, TimeZone and other
 * settings of the server, the database or the role change the text of a time, but not this number.
 */
export function selectTimestamp<T extends string | null>(column: string): RawBuilder<T> {
  return sql<T>`extract(epoch from ${sql.ref(column)})::text`;
}

/**
 * Reads what `selectTimestamp` selects. Postgres' `infinity` and times that a Date cannot hold become the
 * latest or earliest Date.
 *
 * @throws Error if the text is not a number of seconds
 */
export function readTimestamp(seconds: string): Date {
  const milliseconds = Math.round(Number(seconds) * 1_000);
  if (seconds.trim() === "" || Number.isNaN(milliseconds)) {
    throw new Error("the database returned a time that cannot be read");
  }
  return new Date(Math.min(Math.max(milliseconds, -maxDateMs), maxDateMs));
}

/** A Date as a value to store, exact to the millisecond. */
export function writeTimestamp(date: Date): RawBuilder<Date> {
  return sql<Date>`to_timestamp(${date.getTime()}::double precision / 1000)`;
}

/** A time after the transaction began, as a value to store. The clock is that of the database. */
export function timeFromNow(milliseconds: number): RawBuilder<Date> {
  return sql<Date>`now() + ${milliseconds}::double precision * interval '1 millisecond'`;
}
