import { expect } from "vitest";
import type { Envelope } from "../case.ts";
import type { Pair } from "../model.ts";
import type { Rpc } from "./transports.ts";

/** One call and the answer that it must get over every transport. */
export interface CallCase {
  readonly name: string;
  readonly rpc: Rpc;
  /** Pairs that are there first. */
  readonly before?: readonly Pair[];
  /** In the JSON of REST. */
  readonly body: unknown;
  /** True where the body is of a type that no message can have. */
  readonly isJsonOnly?: true;
  readonly expect: Envelope;
  /** The pairs that are there afterwards; those of before where absent. */
  readonly after?: readonly Pair[];
}

/** An answer has it where a time is to be. */
export const someTime: unknown = expect.stringMatching(
  /^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(\.(\d{3}){1,2})?Z$/,
);

/** An answer has it where there is a page after this one. */
export const someToken: unknown = expect.stringMatching(/^[\w-]{18,}$/);

/** Characters whose order by code unit of UTF-16 is not that of their bytes in UTF-8. */
export const lastOfFirstPlane = "\uffff";
export const astral = "𝒳";

/** `prefix0000` and so on: in the order of their bytes. */
export function manyIds(count: number, prefix = "c"): string[] {
  return Array.from({ length: count }, (_, n) => `${prefix}${String(n).padStart(5, "0")}`);
}

export function pairsOf(owner: string, contacts: readonly string[]): Pair[] {
  return contacts.map((contact) => [owner, contact]);
}

/** What a page shows of contacts. */
export function shown(contacts: readonly string[]) {
  return contacts.map((contactXCUserID) => ({ contactXCUserID, createdTime: someTime }));
}

/** What a page shows of owners. */
export function shownOwners(owners: readonly string[]) {
  return owners.map((ownerXCUserID) => ({ ownerXCUserID, createdTime: someTime }));
}
