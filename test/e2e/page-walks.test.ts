import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { listCalls } from "../contract/calls/cases-list.ts";
import { addPairs } from "../contract/calls/run.ts";
import { transports } from "../contract/calls/transports.ts";
import { walkPages } from "../contract/calls/walk.ts";
import { entry } from "../contract/case.ts";
import { serveContract } from "../contract/for-file.ts";

const served = serveContract();
const openTransport = transports["gRPC, by grpc-js"];

const ids = ["\u0001", "B", "a", "a ", "aa", "b", "c", "d", "\u00e9", "\uffff", "𝒳", "𝒳𝒳"];
const someIds = fc.uniqueArray(fc.constantFrom(...ids));

interface Change {
  readonly added: readonly string[];
  readonly removed: readonly string[];
}

const anyChange: fc.Arbitrary<Change> = fc
  .tuple(someIds, someIds)
  .map(([added, removed]) => ({ added, removed: removed.filter((id) => !added.includes(id)) }));

describe.each(listCalls)("$rpc", (call) => {
  test("a walk during changes shows each id once, in order, and every id that stayed", async () => {
    if (openTransport === undefined) throw new Error("there is no such transport");
    const transport = openTransport(served.service);
    const changes = fc.array(anyChange, { maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(
        someIds,
        changes,
        fc.integer({ min: 1, max: 4 }),
        fc.boolean(),
        async (first, steps, pageSize, areConcurrent) => {
          const app = await served.service.createApp();
          await addPairs(transport, app, call.put(first));
          const change = async ({ added, removed }: Change) => {
            const contacts = [
              ...call.put(added).map(([owner, contact]) => entry(owner, contact)),
              ...call.put(removed).map(([owner, contact]) => entry(owner, contact, true)),
            ];
            if (contacts.length > 0) await transport.call("syncContacts", { contacts }, app.header);
          };
          const waiting = [...steps];
          const concurrent = areConcurrent ? waiting.splice(0).map(change) : [];
          const pages = await walkPages({ transport, app, call }, pageSize, async () => {
            const step = waiting.shift();
            if (step !== undefined) await change(step);
          });
          await Promise.all(concurrent);

          const seen = pages.flat();
          const made = steps.slice(0, steps.length - waiting.length);
          const stayed = first.filter((id) => !made.some(({ removed }) => removed.includes(id)));
          const known = new Set([...first, ...made.flatMap(({ added }) => added)]);
          expect(seen).toEqual([...new Set(seen)]);
          expect(seen).toEqual(seen.toSorted(byBytes));
          expect(seen).toEqual(expect.arrayContaining(stayed));
          expect([...known]).toEqual(expect.arrayContaining(seen));
        },
      ),
      { numRuns: 40 },
    );
    transport.close();
  });
});

test.each(Object.keys(transports))(
  "%s: pages of mutual contacts can be empty before the last one",
  async (name) => {
    const transport = transports[name]?.(served.service);
    const call = listCalls.find(({ rpc }) => rpc === "listMutualContacts");
    if (transport === undefined || call === undefined) throw new Error("there is no such call");
    const app = await served.service.createApp();
    const contacts = Array.from({ length: 10_000 }, (_, n) => `c${String(n).padStart(4, "0")}`);
    await transport.call(
      "replaceContacts",
      { ownerXCUserID: "u", contactXCUserIDs: contacts },
      app.header,
    );
    await addPairs(transport, app, [["c9000", "u"]]);
    expect(await walkPages({ transport, app, call }, 10)).toEqual([[], ["c9000"], []]);
    transport.close();
  },
);

function byBytes(one: string, other: string): number {
  return Buffer.compare(Buffer.from(one), Buffer.from(other));
}
