import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startServiceForTest } from "../support/service.ts";
import { manyIds } from "./calls/case.ts";
import { listCalls } from "./calls/cases-list.ts";
import { pageCells } from "./calls/cases-pages.ts";
import { addPairs } from "./calls/run.ts";
import type { Transport } from "./calls/transports.ts";
import { transports } from "./calls/transports.ts";
import { readPage } from "./calls/walk.ts";
import { serveContract } from "./for-file.ts";

const served = serveContract();

describe.each(Object.entries(transports))("%s", (name, openTransport) => {
  let transport: Transport;
  beforeAll(() => {
    transport = openTransport(served.service);
  });
  afterAll(() => transport.close());

  describe.each(listCalls)("$rpc", (call) => {
    const cells = pageCells.filter(
      ({ protocol, topic }) => protocol === name && topic === call.rpc,
    );
    test.each(cells.map(({ testCase }) => testCase))("$name", async ({ run }) => {
      const { service, stored } = served;
      const readerOf = async (others: readonly string[]) => {
        const app = await service.createApp();
        await addPairs(transport, app, call.put(others));
        return { transport, app, call };
      };
      await run({ transport, call, stored, readerOf });
    });
  });
});

test("a token of one server is valid on another", async () => {
  const [call] = listCalls;
  const open = transports["REST over HTTP/1.1"];
  if (call === undefined || open === undefined)
    throw new Error("the call or the transport is missing");
  const app = await served.service.createApp();
  const transport = open(served.service);
  await addPairs(transport, app, call.put(manyIds(3)));
  const { token } = await readPage({ transport, app, call }, { pageSize: 2 });
  const another = await startServiceForTest({ DATABASE_URL: served.service.databaseUrl });
  const page = await readPage({ transport: open(another), app, call }, { pageToken: token });
  expect(page.ids).toEqual(manyIds(3).slice(2));
});
