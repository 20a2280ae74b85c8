import type { ContactPair } from "../../contact/contact-store.ts";
import { PairMap } from "../../contact/pair-map.ts";
import type { CheckPairs } from "../check-pairs.ts";
import type { Statement } from "../statement.ts";
import { statementText } from "../statement.ts";

const columns = "owner_id, contact_id";

const texts = {
  ofOwner: statementText(
    "check_owner",
    `SELECT ${columns} FROM contact
    WHERE app_id = $1 AND owner_id = $2 AND contact_id = ANY ($3::text[])`,
  ),
  ofContact: statementText(
    "check_contact",
    `SELECT ${columns} FROM contact
    WHERE app_id = $1 AND contact_id = $2 AND owner_id = ANY ($3::text[])`,
  ),
  ofPairs: statementText(
    "check_pairs",
    `SELECT ${columns} FROM contact
    WHERE app_id = $1 AND owner_id = ANY ($2::text[])
      AND (${columns}) IN (SELECT * FROM unnest($2::text[], $3::text[]))`,
  ),
};

/**
 * Checks the pairs first, and then whether those that exist are mutual, as the second statement visits the shards
 * of the contacts. For the pairs of one owner the first one visits one shard.
 */
export const checkDistributedPairs: CheckPairs = async (read, appId, pairs) => {
  async function find(wanted: readonly ContactPair[]) {
    const rows = wanted.length === 0 ? [] : await read(statementOf(appId, wanted));
    const found = new PairMap<true>();
    for (const [ownerId, contactId] of rows)
      found.set(ownerId as string, contactId as string, true);
    return found;
  }
  const found = await find(pairs);
  const existing = pairs.filter(({ ownerId, contactId }) => found.has(ownerId, contactId));
  const back = await find(
    existing.map(({ ownerId, contactId }) => ({ ownerId: contactId, contactId: ownerId })),
  );
  return pairs.map(({ ownerId, contactId }) => {
    const isContact = found.has(ownerId, contactId);
    return { isContact, isMutual: isContact && back.has(contactId, ownerId) };
  });
};

function statementOf(appId: number, pairs: readonly ContactPair[]): Statement {
  const [first] = pairs as [ContactPair];
  const owners = pairs.map(({ ownerId }) => ownerId);
  const contacts = pairs.map(({ contactId }) => contactId);
  if (owners.every((ownerId) => ownerId === first.ownerId)) {
    return { ...texts.ofOwner, values: [appId, first.ownerId, contacts] };
  }
  if (contacts.every((contactId) => contactId === first.contactId)) {
    return { ...texts.ofContact, values: [appId, first.contactId, owners] };
  }
  return { ...texts.ofPairs, values: [appId, owners, contacts] };
}
