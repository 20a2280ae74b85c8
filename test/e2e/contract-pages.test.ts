import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { manyIds } from "../contract/calls/case.ts";
import type { ListCall } from "../contract/calls/cases-list.ts";
import { listCalls } from "../contract/calls/cases-list.ts";
import { addPairs, removePairs } from "../contract/calls/run.ts";
import type { PageReader } from "../contract/calls/walk.ts";
import { askPage, readPage, walkPages } from "../contract/calls/walk.ts";
import type { Way } from "../contract/calls/ways.ts";
import { ways } from "../contract/calls/ways.ts";
import { parameterFault } from "../contract/case.ts";
import { serveContract } from "../contract/for-file.ts";
import type { Pair } from "../contract/model.ts";
import { startServiceForTest } from "../support/service.ts";

const served = serveContract();

const refusedToken = parameterFault(
  "107",
  "Param 'pageToken' is not a page token of this call and list",
);

/** When contacts were added, as Postgres has it, and as it is told. */
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

/** The pair whose time the call shows for one on the list of "u". */
function shownPair({ rpc }: ListCall, other: string): Pair {
  return rpc === "listContactOwners" ? [other, "u"] : ["u", other];
}

describe.each(Object.entries(ways))("%s", (_, openWay) => {
  let way: Way;
  beforeAll(() => {
    way = openWay(served.service);
  });
  afterAll(() => way.close());

  describe.each(listCalls)("$rpc", (call) => {
    async function readerOf(others: readonly string[]): Promise<PageReader> {
      const app = await served.service.createApp();
      await addPairs(way, app, call.put(others));
      return { way, app, call };
    }

    test("a walk shows everyone once, in order, in full pages", async () => {
      const reader = await readerOf(manyIds(10));
      const pages = await walkPages(reader, 3);
      expect(pages.map(({ length }) => length)).toEqual([3, 3, 3, 1]);
      expect(pages.flat()).toEqual(manyIds(10));
    });

    test("the size of pages can change on the way", async () => {
      const reader = await readerOf(manyIds(6));
      const first = await readPage(reader, { pageSize: 1 });
      const second = await readPage(reader, { pageSize: 4, pageToken: first.token });
      const third = await readPage(reader, { pageToken: second.token });
      expect([first, second, third].map(({ ids }) => ids.length)).toEqual([1, 4, 1]);
      expect([first, second, third].flatMap(({ ids }) => ids)).toEqual(manyIds(6));
      expect(third.token).toBe("");
    });

    test("a token can be used again", async () => {
      const reader = await readerOf(manyIds(4));
      const { token } = await readPage(reader, { pageSize: 2 });
      const again = { pageSize: 2, pageToken: token };
      expect(await readPage(reader, again)).toEqual(await readPage(reader, again));
    });

    test("what changes between pages is shown once or not at all, and the rest once", async () => {
      const reader = await readerOf(["a", "b", "c", "d", "e", "f"]);
      let changes = 0;
      const pages = await walkPages(reader, 2, async () => {
        changes += 1;
        if (changes > 1) return;
        await removePairs(way, reader.app, call.put(["b", "c"]));
        await addPairs(way, reader.app, call.put(["a0", "b0"]));
      });
      expect(pages).toEqual([
        ["a", "b"],
        ["b0", "d"],
        ["e", "f"],
      ]);
    });

    test("where all the rest is removed the next page is empty, and the last", async () => {
      const reader = await readerOf(["a", "b", "c"]);
      const { token } = await readPage(reader, { pageSize: 1 });
      await removePairs(way, reader.app, call.put(["a", "b", "c"]));
      expect(await readPage(reader, { pageToken: token })).toEqual({
        ids: [],
        times: [],
        token: "",
      });
    });

    test("times are told to the microsecond", async () => {
      const reader = await readerOf(manyIds(8));
      for (const [n, time] of Object.keys(times).entries()) {
        const pair = shownPair(call, manyIds(8)[n] as string);
        await served.stored.setTime(reader.app.id, pair, time);
      }
      expect((await readPage(reader)).times).toEqual(Object.values(times));
    });

    test("a token that is broken, or of another list, call or app, is refused", async () => {
      const reader = await readerOf(manyIds(3));
      const other = await readerOf(manyIds(3));
      const { token } = await readPage(reader, { pageSize: 1 });
      const ask = (pageToken: string) => askPage(reader, { pageToken });

      const flipped = token.startsWith("A") ? "B" : "A";
      const broken = [
        ...[
          token.slice(1),
          token.slice(0, -1),
          `${token}A`,
          `${token}=`,
          ` ${token}`,
          `${token}\n`,
        ],
        ...[flipped + token.slice(1), token + token, `${token}%00`, token.toLowerCase()],
      ];
      for (const one of broken) expect(await ask(one)).toEqual(refusedToken);

      expect(await askPage(other, { pageToken: token })).toEqual(refusedToken);
      const body = { [call.user]: "v", pageToken: token };
      expect(await way.call(call.rpc, body, reader.app.header)).toEqual(refusedToken);
      for (const another of listCalls.filter(({ rpc }) => rpc !== call.rpc)) {
        expect(await askPage({ ...reader, call: another }, { pageToken: token })).toEqual(
          refusedToken,
        );
      }
      expect((await ask(token)).status).toBe(200);
    });
  });
});

test("a token of one server is good on another", async () => {
  const [call] = listCalls;
  const open = ways["REST over HTTP/1.1"];
  if (call === undefined || open === undefined) throw new Error("there is nothing to test");
  const app = await served.service.createApp();
  const way = open(served.service);
  await addPairs(way, app, call.put(manyIds(3)));
  const { token } = await readPage({ way, app, call }, { pageSize: 2 });
  const another = await startServiceForTest({ DATABASE_URL: served.service.databaseUrl });
  const page = await readPage({ way: open(another), app, call }, { pageToken: token });
  expect(page.ids).toEqual(manyIds(3).slice(2));
});
