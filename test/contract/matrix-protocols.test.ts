import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { RpcClient } from "../support/clients.ts";
import { rpcClients } from "../support/clients.ts";
import { loadContractCases } from "./case.ts";
import { syncCells } from "./cases.ts";
import { serveContract } from "./for-file.ts";
import { asMessage } from "./message.ts";
import { runOverRpc } from "./rpc.ts";

const served = serveContract();

test("every case of the contract that succeeds with plain headers has a protobuf message", () => {
  const plain = loadContractCases().filter(
    ({ headers, expect: { http } }) => http === 200 && !headers,
  );
  expect(plain.map(asMessage)).not.toContain(undefined);
});

describe.each(Object.entries(rpcClients))("%s", (name, createClient) => {
  let client: RpcClient;
  beforeAll(() => {
    client = createClient(served.service.url);
  });
  afterAll(() => client.close());

  for (const { topic, given } of syncCells.filter(({ protocol }) => protocol === name)) {
    test(`${topic}: ${given.name}`, async () => {
      await runOverRpc(given, { ...served, client });
    });
  }
});
