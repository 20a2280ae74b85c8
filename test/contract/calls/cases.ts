import { restVersions } from "../http.ts";
import type { CasesByTopic, MatrixCell } from "../matrix.ts";
import { cellsOf, filterCases } from "../matrix.ts";
import type { CallCase } from "./case.ts";
import { checkCases } from "./cases-check.ts";
import { countCases } from "./cases-count.ts";
import { eraseCases } from "./cases-erase.ts";
import { fingerprintCases } from "./cases-fingerprint.ts";
import { listCases } from "./cases-list.ts";
import { callParameterCases } from "./cases-parameters.ts";
import { replaceCases } from "./cases-replace.ts";
import { syncOutcomeCases } from "./cases-sync.ts";
import { transports } from "./transports.ts";

/** All cases of the calls other than Sync Contacts, and of the outcomes of a sync, by topic. */
export const callCases: CasesByTopic<CallCase> = {
  lists: listCases,
  checks: checkCases,
  counts: countCases,
  replacements: replaceCases,
  fingerprints: fingerprintCases,
  erasures: eraseCases,
  parameters: callParameterCases,
  "outcomes of a sync": syncOutcomeCases,
};

/** The cells that this run covers. A body of a type that a message cannot have runs only over REST. */
export const callCells: readonly MatrixCell<CallCase>[] = [
  ...cellsOf(
    filterCases(callCases, ({ isJsonOnly }) => !isJsonOnly),
    Object.keys(transports),
  ),
  ...cellsOf(
    filterCases(callCases, ({ isJsonOnly }) => isJsonOnly === true),
    Object.keys(restVersions),
  ),
];
