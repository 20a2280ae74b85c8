import { expect } from "vitest";
import type { TestApp } from "../../support/service.ts";
import { entry } from "../case.ts";
import type { ServedForFile } from "../for-file.ts";
import type { Pair } from "../model.ts";
import { sortPairs } from "../model.ts";
import type { CallCase } from "./case.ts";
import type { Transport } from "./transports.ts";

/** The most entries of one sync. */
const mostEntries = 10_000;

/** Makes pairs be there, and tells that each is new. */
export async function addPairs(
  transport: Transport,
  app: TestApp,
  pairs: readonly Pair[],
): Promise<void> {
  await syncAll(transport, app, pairs, false);
}

/** Makes pairs be gone. */
export async function removePairs(
  transport: Transport,
  app: TestApp,
  pairs: readonly Pair[],
): Promise<void> {
  await syncAll(transport, app, pairs, true);
}

async function syncAll(
  transport: Transport,
  app: TestApp,
  pairs: readonly Pair[],
  isDeleted: boolean,
) {
  for (let from = 0; from < pairs.length; from += mostEntries) {
    const some = pairs.slice(from, from + mostEntries);
    const contacts = some.map(([owner, contact]) => entry(owner, contact, isDeleted));
    const { data } = await transport.call("syncContacts", { contacts }, app.header);
    const counts = { countInserted: some.length, countDeleted: 0 };
    expect(data).toEqual(isDeleted ? { countInserted: 0, countDeleted: some.length } : counts);
  }
}

/** Makes a case's call on the app, and compares the answer and what is then stored. */
export async function runCall(
  given: CallCase,
  {
    transport,
    app,
    stored,
  }: { transport: Transport; app: TestApp; stored: ServedForFile["stored"] },
): Promise<void> {
  const { before = [], rpc, body, expect: expected, after = before } = given;
  await addPairs(transport, app, before);
  expect(await transport.call(rpc, body, app.header)).toEqual(expected);
  expect(await stored.pairsOf(app.id)).toEqual(sortPairs(after));
}

/** Whether a case leaves nothing behind, so that others can use its app. */
export function leavesNothing({ before = [], after = [] }: CallCase): boolean {
  return before.length === 0 && after.length === 0;
}
