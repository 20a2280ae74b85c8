import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { RpcClient } from "../support/clients.ts";
import { rpcClients } from "../support/clients.ts";
import { loadContractCases } from "./case.ts";
import { syncCells } from "./cases.ts";
import { serveContract } from "./for-file.ts";
import { asMessage } from "./message.ts";
import { runOverRpc } from "./rpc.ts";

const served = serveContract();

test("every case that succeeds without special headers has a protobuf message", () => {
  const expressible = loadContractCases().filter(
    ({ headers, expect: { http } }) => http === 200 && !headers,
  );
  expect(expressible.map(asMessage)).not.toContain(undefined);
});

describe.each(Object.entries(rpcClients))("%s", (name, createClient) => {
  let client: RpcClient;
  beforeAll(() => {
    client = createClient(served.service.url);
  });
  afterAll(() => client.close());

  for (const { topic, testCase } of syncCells.filter(({ protocol }) => protocol === name)) {
    test(`${topic}: ${testCase.name}`, async () => {
      await runOverRpc(testCase, { ...served, client });
    });
  }
});
