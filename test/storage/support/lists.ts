import fc from "fast-check";
import type {
  ContactPair,
  ContactReader,
  ContactStore,
  StoreOptions,
} from "../../../src/contact/contact-store.ts";
import type { Page, PageRequest } from "../../../src/contact/page.ts";
import { pair, plan, unhurried } from "./pairs.ts";

/** Ids whose order by bytes differs from the order of UTF-16 and from that of a dictionary. */
export const someIds = ["1", "10", "A", "a", "ab", "b", "é", "ｚ", "\uffff", "😀"];

export const anyId = fc.constantFrom(...someIds);

export const anyPairs: fc.Arbitrary<ContactPair[]> = fc.array(
  fc.record({ ownerId: anyId, contactId: anyId }),
  { maxLength: 60, size: "max" },
);

/** A list that is read in pages, and the pairs that add an id to it. */
export interface List {
  readonly name: "contacts" | "owners" | "mutual contacts";
  read(
    store: ContactReader,
    appId: number,
    userId: string,
    page: PageRequest,
    options?: StoreOptions,
  ): Promise<Page>;
  pairsOf(userId: string, id: string): ContactPair[];
}

export const lists: readonly List[] = [
  {
    name: "contacts",
    read: (store, appId, userId, page, options = unhurried) =>
      store.listContacts(appId, userId, page, options),
    pairsOf: (userId, id) => [pair(userId, id)],
  },
  {
    name: "owners",
    read: (store, appId, userId, page, options = unhurried) =>
      store.listOwners(appId, userId, page, options),
    pairsOf: (userId, id) => [pair(id, userId)],
  },
  {
    name: "mutual contacts",
    read: (store, appId, userId, page, options = unhurried) =>
      store.listMutual(appId, userId, page, options),
    pairsOf: (userId, id) => [pair(userId, id), pair(id, userId)],
  },
];

export async function addPairs(store: ContactStore, appId: number, insert: readonly ContactPair[]) {
  await store.sync(appId, plan({ insert }), unhurried);
}
