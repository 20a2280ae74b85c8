import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { loadContractCases } from "../contract/case.ts";
import { serveContract } from "../contract/for-file.ts";
import { asMessage } from "../contract/message.ts";
import { moreCases } from "../contract/more-cases.ts";
import { runOverRpc } from "../contract/rpc.ts";
import type { RpcClient } from "../support/clients.ts";
import { rpcClients } from "../support/clients.ts";

const served = serveContract();
const contract = loadContractCases();

const expressible = [...contract, ...moreCases].flatMap((given) => {
  const message = asMessage(given);
  return message === undefined ? [] : [{ given, message }];
});

test("every case of the contract that succeeds with plain headers can be said in a message", () => {
  const plain = contract.filter(({ headers, expect: { http } }) => http === 200 && !headers);
  expect(plain.map(asMessage)).not.toContain(undefined);
  expect(expressible.length).toBeGreaterThan(plain.length);
});

describe.each(Object.entries(rpcClients))("%s", (_, createClient) => {
  let client: RpcClient;
  beforeAll(() => {
    client = createClient(served.service.url);
  });
  afterAll(() => client.close());

  for (const { given, message } of expressible) {
    test(given.name, async () => {
      await runOverRpc(given, message, { ...served, client });
    });
  }
});
