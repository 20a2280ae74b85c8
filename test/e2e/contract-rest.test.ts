import { describe, expect, test } from "vitest";
import { loadContractCases } from "../contract/case.ts";
import { serveContract } from "../contract/for-file.ts";
import { sendHttp1, sendHttp2 } from "../contract/http.ts";
import { moreCases } from "../contract/more-cases.ts";
import { runOverRest } from "../contract/rest.ts";

const served = serveContract();
const contract = loadContractCases();

test("the contract has its 46 cases", () => {
  expect(contract).toHaveLength(46);
});

test("every case has a name of its own", () => {
  const names = [...contract, ...moreCases].map(({ name }) => name);
  expect(names).toEqual([...new Set(names)]);
});

describe.each([
  { version: "HTTP/1.1", send: sendHttp1 },
  { version: "HTTP/2", send: sendHttp2 },
])("REST over $version", ({ send }) => {
  for (const given of [...contract, ...moreCases]) {
    test(given.name, async () => {
      await runOverRest(given, { ...served, send });
    });
  }
});
