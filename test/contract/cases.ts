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

/** Every case of Sync Contacts, by topic: those of the JSON file, and further ones in its format. */
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
const isExpressible = (given: ContractCase) => asMessage(given) !== undefined;

/** The cells that this run covers. Cases about HTTP or JSON, which no message expresses, run over REST alone. */
export const syncCells: readonly MatrixCell<ContractCase>[] = [
  ...cellsOf(filterCases(syncCases, isExpressible), [...rest, ...Object.keys(rpcClients)]),
  ...cellsOf(
    filterCases(syncCases, (given) => !isExpressible(given)),
    rest,
  ),
];
