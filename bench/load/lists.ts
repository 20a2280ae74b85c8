/** The lists of the read scenarios. All owners have the same contacts, and the contacts are also owners. */
export const owners = 1_000;
export const contactsEach = 300;
/** User ids are numbers, so that pgbench can draw them. */
export const firstUser = 2_000_000_000_000_000;

/** SELECT of the rows of these lists, for the app with the number 1. */
export const selectLists = `
  SELECT 1, (${firstUser} + owner)::text, (${firstUser} + contact)::text
  FROM generate_series(0, ${owners - 1}) AS owner, generate_series(0, ${contactsEach - 1}) AS contact`;

/** The id of a user. The first user is number 0. */
export function userId(user: number): string {
  return String(firstUser + user);
}

/** A kind of pair: the range of its owners, the range of its contacts, and the result of a check. */
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

/** The kind of the nth pair of a check. */
export function kindOf(n: number): PairKind {
  return kinds[n % kinds.length] as PairKind;
}

/** Draws a user of a range. */
export function draw([from, before]: readonly [from: number, before: number]): number {
  return from + Math.floor(Math.random() * (before - from));
}

/** Draws different values of a list, in a random order. */
export function drawFrom<T>(values: readonly T[], count: number): T[] {
  const drawn = [...values];
  for (let n = 0; n < count; n++) {
    const other = n + Math.floor(Math.random() * (drawn.length - n));
    [drawn[n], drawn[other]] = [drawn[other] as T, drawn[n] as T];
  }
  return drawn.slice(0, count);
}
