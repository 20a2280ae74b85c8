import { rpcClients } from "../support/clients.ts";
import type { ContractCase } from "./case.ts";
import { loadContractCases } from "./case.ts";
import { bodyCases } from "./cases-body.ts";
import { httpCases } from "./cases-http.ts";
import { idCases } from "./cases-ids.ts";
import { keyCases } from "./cases-keys.ts";
import { parameterCases } from "./cases-parameters.ts";
import { syncCases as insertAndDeleteCases } from "./cases-sync.ts";
import { restVersions } from "./http.ts";
import type { CasesByTopic, MatrixCell } from "./matrix.ts";
import { cellsOf, filterCases } from "./matrix.ts";
import { asMessage } from "./message.ts";

/** All cases of Sync Contacts by topic: the cases of the JSON file, and more in the same format. */
export const syncCases: CasesByTopic<ContractCase> = {
  contract: loadContractCases(),
  ids: idCases,
  "inserting and deleting": insertAndDeleteCases,
  parameters: parameterCases,
  bodies: bodyCases,
  keys: keyCases,
  HTTP: httpCases,
};

const rest = Object.keys(restVersions);
const isExpressible = (testCase: ContractCase) => asMessage(testCase) !== undefined;

/** The cells that this run covers. Cases that a message cannot express run only over REST. */
export const syncCells: readonly MatrixCell<ContractCase>[] = [
  ...cellsOf(filterCases(syncCases, isExpressible), [...rest, ...Object.keys(rpcClients)]),
  ...cellsOf(
    filterCases(syncCases, (testCase) => !isExpressible(testCase)),
    rest,
  ),
];
