/** The lists that reads are measured on: every owner has the same contacts, who are owners too. */
export const owners = 1_000;
export const contactsEach = 300;
/** Users are numbers, so that pgbench can draw them. */
export const firstUser = 2_000_000_000_000_000;

/** SELECT of the rows that these lists are, for the app with the number 1. */
export const selectLists = `
  SELECT 1, (${firstUser} + owner)::text, (${firstUser} + contact)::text
  FROM generate_series(0, ${owners - 1}) AS owner, generate_series(0, ${contactsEach - 1}) AS contact`;

/** The id of a user; the first one is number 0. */
export function userId(user: number): string {
  return String(firstUser + user);
}

/** A kind of pair: who the owner may be, who the contact may be, each from and to, and what is so. */
interface PairKind {
  readonly owner: readonly [from: number, before: number];
  readonly contact: readonly [from: number, before: number];
  readonly result: { readonly isContact: boolean; readonly isMutual: boolean };
}

const mutual: PairKind = {
  owner: [0, contactsEach],
  contact: [0, contactsEach],
  result: { isContact: true, isMutual: true },
};
const oneWay: PairKind = {
  owner: [contactsEach, owners],
  contact: [0, contactsEach],
  result: { isContact: true, isMutual: false },
};
const missing: PairKind = {
  owner: [0, owners],
  contact: [contactsEach, owners],
  result: { isContact: false, isMutual: false },
};
const kinds = [mutual, oneWay, mutual, missing];

/** The kind of the nth pair that is checked. */
export function kindOf(n: number): PairKind {
  return kinds[n % kinds.length] as PairKind;
}

export function draw([from, before]: readonly [from: number, before: number]): number {
  return from + Math.floor(Math.random() * (before - from));
}
