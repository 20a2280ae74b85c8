import type { ContactPair } from "../../contact/contact-store.ts";
import type { Statement } from "../statement.ts";
import { statementText } from "../statement.ts";
import type { Shards } from "./shards.ts";

export interface PairOfApp extends ContactPair {
  readonly appId: number;
}

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

/** The pairs of each app and shard. */
export function groupByShard({ shardOf }: Shards, pairs: readonly PairOfApp[]): PairOfApp[][] {
  const groups = new Map<string, PairOfApp[]>();
  for (const pair of pairs) {
    const key = `${pair.appId} ${shardOf(pair.ownerId)}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [pair]);
    else group.push(pair);
  }
  return [...groups.values()];
}

/** A statement that finds which of the pairs exist. They have one app and one shard. */
export function checkStatement(pairs: readonly PairOfApp[]): Statement {
  const [first] = pairs as [PairOfApp];
  const { appId } = first;
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
