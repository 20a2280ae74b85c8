import type { CallCase } from "./case.ts";
import { checkCases } from "./cases-check.ts";
import { countCases } from "./cases-count.ts";
import { eraseCases } from "./cases-erase.ts";
import { fingerprintCases } from "./cases-fingerprint.ts";
import { listCases } from "./cases-list.ts";
import { callParameterCases } from "./cases-parameters.ts";
import { replaceCases } from "./cases-replace.ts";
import { syncOutcomeCases } from "./cases-sync.ts";

/** Every case of the calls beside Sync Contacts, and of the outcomes that it tells. */
export const callCases: readonly CallCase[] = [
  ...listCases,
  ...checkCases,
  ...countCases,
  ...replaceCases,
  ...fingerprintCases,
  ...eraseCases,
  ...callParameterCases,
  ...syncOutcomeCases,
];
