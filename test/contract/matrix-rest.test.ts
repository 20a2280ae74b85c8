import { describe, expect, test } from "vitest";
import { loadContractCases } from "./case.ts";
import { syncCases, syncCells } from "./cases.ts";
import { serveContract } from "./for-file.ts";
import { restVersions } from "./http.ts";
import { runOverRest } from "./rest.ts";

const served = serveContract();

test("the contract has its 46 cases", () => {
  expect(loadContractCases()).toHaveLength(46);
});

test("every case has a unique name", () => {
  const names = Object.values(syncCases)
    .flat()
    .map(({ name }) => name);
  expect(names).toEqual([...new Set(names)]);
});

describe.each(Object.entries(restVersions))("%s", (name, send) => {
  for (const { topic, testCase } of syncCells.filter(({ protocol }) => protocol === name)) {
    test(`${topic}: ${testCase.name}`, async () => {
      await runOverRest(testCase, { ...served, send });
    });
  }
});
