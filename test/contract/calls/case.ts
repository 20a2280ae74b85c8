import { expect } from "vitest";
import type { Envelope } from "../case.ts";
import type { Pair } from "../model.ts";
import type { Rpc } from "./transports.ts";

/** One call and the response that it must get over every transport. */
export interface CallCase {
  readonly name: string;
  readonly rpc: Rpc;
  /** Pairs that are stored before the call. */
  readonly before?: readonly Pair[];
  /** The request in the JSON form of REST. */
  readonly body: unknown;
  /** True if the body has a type that a message cannot have. */
  readonly isJsonOnly?: true;
  readonly expect: Envelope;
  /** The pairs that are stored after the call. If absent, the call changes nothing. */
  readonly after?: readonly Pair[];
}

/** Matches any creation time in a response. */
export const someTime: unknown = expect.stringMatching(
  /^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(\.(\d{3}){1,2})?Z$/,
);

/** Matches any page token in a response. */
export const someToken: unknown = expect.stringMatching(/^[\w-]{18,}$/);

/** Characters whose order by UTF-16 code unit differs from the order of their UTF-8 bytes. */
export const lastOfFirstPlane = "\uffff";
export const astral = "𝒳";

/** The ids `prefix00000`, `prefix00001` and so on, in the order of their bytes. */
export function manyIds(count: number, prefix = "c"): string[] {
  return Array.from({ length: count }, (_, n) => `${prefix}${String(n).padStart(5, "0")}`);
}

export function pairsOf(owner: string, contacts: readonly string[]): Pair[] {
  return contacts.map((contact) => [owner, contact]);
}

/** The contacts as a page returns them. */
export function shown(contacts: readonly string[]) {
  return contacts.map((contactXCUserID) => ({ contactXCUserID, createdTime: someTime }));
}

/** The owners as a page returns them. */
export function shownOwners(owners: readonly string[]) {
  return owners.map((ownerXCUserID) => ({ ownerXCUserID, createdTime: someTime }));
}
