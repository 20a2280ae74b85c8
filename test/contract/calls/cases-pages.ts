import { expect } from "vitest";
import { parameterFault } from "../case.ts";
import type { MatrixCell } from "../matrix.ts";
import { cellsOf } from "../matrix.ts";
import type { Pair } from "../model.ts";
import type { Stored } from "../stored.ts";
import { manyIds } from "./case.ts";
import type { ListCall } from "./cases-list.ts";
import { listCalls } from "./cases-list.ts";
import { addPairs, removePairs } from "./run.ts";
import type { Transport } from "./transports.ts";
import { transports } from "./transports.ts";
import type { PageReader } from "./walk.ts";
import { askPage, readPage, walkPages } from "./walk.ts";

/** The parts that a page case uses. */
export interface PageRun {
  readonly transport: Transport;
  readonly call: ListCall;
  readonly stored: Stored;
  /** A reader of the list of "u" in a new app, with these others on it. */
  readonly readerOf: (others: readonly string[]) => Promise<PageReader>;
}

/** A test case that applies to every call that returns pages. */
export interface PageCase {
  readonly name: string;
  readonly run: (run: PageRun) => Promise<void>;
}

const invalidToken = parameterFault(
  "107",
  "Param 'pageToken' is not a page token of this call and list",
);

/** Times of creation, as Postgres stores them and as the API returns them. */
const times: Readonly<Record<string, string>> = {
  "2026-01-02 03:04:05.123456+00": "2026-01-02T03:04:05.123456Z",
  "2026-01-02 03:04:05.000001+00": "2026-01-02T03:04:05.000001Z",
  "2026-01-02 03:04:05.999999+00": "2026-01-02T03:04:05.999999Z",
  "2026-01-02 03:04:05.12+00": "2026-01-02T03:04:05.120Z",
  "2026-01-02 03:04:05+00": "2026-01-02T03:04:05Z",
  "2026-01-02 03:04:05.5+05:30": "2026-01-01T21:34:05.500Z",
  "2038-01-19 03:14:08+00": "2038-01-19T03:14:08Z",
  "1969-12-31 23:59:59.999999+00": "1969-12-31T23:59:59.999999Z",
};

/** The pair whose creation time the call returns for an entry on the list of "u". */
function shownPair({ rpc }: ListCall, other: string): Pair {
  return rpc === "listContactOwners" ? [other, "u"] : ["u", other];
}

const pageCases: readonly PageCase[] = [
  {
    name: "reading all pages returns every contact once, in order, in full pages",
    async run({ readerOf }) {
      const reader = await readerOf(manyIds(10));
      const pages = await walkPages(reader, 3);
      expect(pages.map(({ length }) => length)).toEqual([3, 3, 3, 1]);
      expect(pages.flat()).toEqual(manyIds(10));
    },
  },
  {
    name: "the page size can change between pages",
    async run({ readerOf }) {
      const reader = await readerOf(manyIds(6));
      const first = await readPage(reader, { pageSize: 1 });
      const second = await readPage(reader, { pageSize: 4, pageToken: first.token });
      const third = await readPage(reader, { pageToken: second.token });
      expect([first, second, third].map(({ ids }) => ids.length)).toEqual([1, 4, 1]);
      expect([first, second, third].flatMap(({ ids }) => ids)).toEqual(manyIds(6));
      expect(third.token).toBe("");
    },
  },
  {
    name: "a token can be reused",
    async run({ readerOf }) {
      const reader = await readerOf(manyIds(4));
      const { token } = await readPage(reader, { pageSize: 2 });
      const again = { pageSize: 2, pageToken: token };
      expect(await readPage(reader, again)).toEqual(await readPage(reader, again));
    },
  },
  {
    name: "a contact that changes between pages appears at most once, every other contact once",
    async run({ readerOf, transport, call }) {
      const reader = await readerOf(["a", "b", "c", "d", "e", "f"]);
      let changes = 0;
      const pages = await walkPages(reader, 2, async () => {
        changes += 1;
        if (changes > 1) return;
        await removePairs(transport, reader.app, call.put(["b", "c"]));
        await addPairs(transport, reader.app, call.put(["a0", "b0"]));
      });
      expect(pages).toEqual([
        ["a", "b"],
        ["b0", "d"],
        ["e", "f"],
      ]);
    },
  },
  {
    name: "after all remaining contacts are removed, the next page is empty and the last one",
    async run({ readerOf, transport, call }) {
      const reader = await readerOf(["a", "b", "c"]);
      const { token } = await readPage(reader, { pageSize: 1 });
      await removePairs(transport, reader.app, call.put(["a", "b", "c"]));
      expect(await readPage(reader, { pageToken: token })).toEqual({
        ids: [],
        times: [],
        token: "",
      });
    },
  },
  {
    name: "times have microsecond precision",
    async run({ readerOf, call, stored }) {
      const reader = await readerOf(manyIds(8));
      for (const [n, time] of Object.keys(times).entries()) {
        const pair = shownPair(call, manyIds(8)[n] as string);
        await stored.setTime(reader.app.id, pair, time);
      }
      expect((await readPage(reader)).times).toEqual(Object.values(times));
    },
  },
  {
    name: "a malformed token, or one of another list, call or app, is rejected",
    async run({ readerOf, transport, call }) {
      const reader = await readerOf(manyIds(3));
      const other = await readerOf(manyIds(3));
      const { token } = await readPage(reader, { pageSize: 1 });
      const pageAfter = (pageToken: string) => askPage(reader, { pageToken });

      const flipped = token.startsWith("A") ? "B" : "A";
      const malformed = [
        ...[token.slice(1), token.slice(0, -1)],
        ...[`${token}A`, `${token}=`, ` ${token}`, `${token}\n`],
        ...[flipped + token.slice(1), token + token, `${token}%00`, token.toLowerCase()],
      ];
      for (const bad of malformed) expect(await pageAfter(bad)).toEqual(invalidToken);

      expect(await askPage(other, { pageToken: token })).toEqual(invalidToken);
      const body = { [call.user]: "v", pageToken: token };
      expect(await transport.call(call.rpc, body, reader.app.header)).toEqual(invalidToken);
      for (const another of listCalls.filter(({ rpc }) => rpc !== call.rpc)) {
        expect(await askPage({ ...reader, call: another }, { pageToken: token })).toEqual(
          invalidToken,
        );
      }
      expect((await pageAfter(token)).status).toBe(200);
    },
  },
];

/** The cells that this run covers; the topic is the call. */
export const pageCells: readonly MatrixCell<PageCase>[] = cellsOf(
  Object.fromEntries(listCalls.map(({ rpc }) => [rpc, pageCases])),
  Object.keys(transports),
);
