import type { ReplaceStatements } from "../replace-statements.ts";
import { insertPairs } from "./write-statements.ts";

/** Statements of a replacement in a distributed table. All visit the shard of the owner. */
export function createDistributedReplacements(plain: ReplaceStatements): ReplaceStatements {
  return {
    ...plain,
    insert: ({ appId, ownerId, contactIds }) =>
      insertPairs(contactIds.map((contactId) => ({ appId, ownerId, contactId }))),
  };
}
