import type { DescMessage, MessageShape } from "@bufbuild/protobuf";
import { pathToString } from "@bufbuild/protobuf/reflect";
import { createValidator } from "@bufbuild/protovalidate";
import { expect } from "vitest";
import type { MessageRules } from "../../../src/api/message-rules.ts";
import { faultOf } from "../../../src/api/violation.ts";
import type { Reason } from "../../../src/errors.ts";

const validator = createValidator();

/** The name of each rule in protovalidate, and the reason that a caller gets. */
const reasons: Record<string, Reason> = {
  "repeated.min_items": "PARAM_EMPTY",
  "repeated.max_items": "PARAM_TOO_MANY",
  "string.min_len": "PARAM_REQUIRED",
  "string.max_len": "PARAM_TOO_LONG",
  "string.not_contains": "PARAM_NUL",
  "int32.gte_lte": "PARAM_RANGE",
};

interface Verdict {
  readonly path: string;
  readonly reasons: readonly (Reason | undefined)[];
}

/** The first invalid field according to protovalidate, with all its violations. */
function verdictOf<D extends DescMessage>(desc: D, message: MessageShape<D>): Verdict | undefined {
  const result = validator.validate(desc, message);
  if (result.kind === "error") throw result.error;
  const violations = (result.violations ?? []).map((violation) => ({
    path: pathToString(violation.field),
    reason: reasons[violation.ruleId],
  }));
  const [first] = violations;
  if (first === undefined) return undefined;
  const same = violations.filter(({ path }) => path === first.path);
  return { path: first.path, reasons: same.map(({ reason }) => reason) };
}

/**
 * Checks that the compiled rules have the same result for a message as protovalidate: whether it is valid,
 * and if not, the first invalid field.
 *
 * @returns whether the message is valid
 */
export function expectAgreement<D extends DescMessage>(
  findViolation: MessageRules,
  desc: D,
  message: MessageShape<D>,
): boolean {
  const expected = verdictOf(desc, message);
  const violation = findViolation(message);
  expect(violation === undefined).toBe(expected === undefined);
  if (violation === undefined || expected === undefined) return true;
  const { at, reason } = faultOf(violation);
  expect(at?.path).toBe(expected.path);
  expect(expected.reasons).toContain(reason);
  return false;
}
