import type { ContractCase } from "./case.ts";
import { bodyCases } from "./cases-body.ts";
import { httpCases } from "./cases-http.ts";
import { idCases } from "./cases-ids.ts";
import { keyCases } from "./cases-keys.ts";
import { parameterCases } from "./cases-parameters.ts";
import { syncCases } from "./cases-sync.ts";

/** Cases beside those of the contract's file, in the same format. */
export const moreCases: readonly ContractCase[] = [
  ...idCases,
  ...syncCases,
  ...parameterCases,
  ...bodyCases,
  ...keyCases,
  ...httpCases,
];
