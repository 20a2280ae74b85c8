import { expect } from "vitest";
import type { TestApp } from "../../support/service.ts";
import { entry } from "../case.ts";
import type { ServedForFile } from "../for-file.ts";
import type { Pair } from "../model.ts";
import { sortPairs } from "../model.ts";
import type { CallCase } from "./case.ts";
import type { Transport } from "./transports.ts";

/** The maximum number of entries of one sync. */
const maxEntries = 10_000;

/** Adds pairs, and checks that each is new. */
export async function addPairs(
  transport: Transport,
  app: TestApp,
  pairs: readonly Pair[],
): Promise<void> {
  await syncAll(transport, app, pairs, false);
}

/** Deletes pairs, and checks that each was stored. */
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
  for (let from = 0; from < pairs.length; from += maxEntries) {
    const some = pairs.slice(from, from + maxEntries);
    const contacts = some.map(([owner, contact]) => entry(owner, contact, isDeleted));
    const { data } = await transport.call("syncContacts", { contacts }, app.header);
    const counts = { countInserted: some.length, countDeleted: 0 };
    expect(data).toEqual(isDeleted ? { countInserted: 0, countDeleted: some.length } : counts);
  }
}

/** Runs the call of a case in the app, and compares the response and the stored pairs. */
export async function runCall(
  testCase: CallCase,
  {
    transport,
    app,
    stored,
  }: { transport: Transport; app: TestApp; stored: ServedForFile["stored"] },
): Promise<void> {
  const { before = [], rpc, body, expect: expected, after = before } = testCase;
  await addPairs(transport, app, before);
  expect(await transport.call(rpc, body, app.header)).toEqual(expected);
  expect(await stored.pairsOf(app.id)).toEqual(sortPairs(after));
}

/** Whether the app is empty after the case, so that other cases can use it. */
export function leavesNothing({ before = [], after = [] }: CallCase): boolean {
  return before.length === 0 && after.length === 0;
}
