import type { DescField, DescMessage, Message } from "@bufbuild/protobuf";
import type { FieldRulesOptions } from "./field-rules.ts";
import { assertNoMessageRules, compileFieldRules } from "./field-rules.ts";
import { unsupported } from "./unsupported.ts";
import type { Violation } from "./violation.ts";
import { insideEntry, insideField, violationOf } from "./violation.ts";

/** Finds the first violation in a message. Fields are checked in the order of the proto. */
export type MessageRules = (message: Message) => Violation | undefined;

type FieldCheck = (value: unknown) => Violation | undefined;

/**
 * Compiles the protovalidate constraints of a message and of the messages in it.
 *
 * @throws Error if a field has a kind or a constraint that is not supported
 */
export function compileMessageRules(desc: DescMessage, options: FieldRulesOptions): MessageRules {
  assertNoMessageRules(desc);
  const checks = desc.fields.flatMap((field) => {
    const check = compileCheck(field, options);
    return check === undefined ? [] : [{ name: field.localName, check }];
  });
  return (message) => {
    const values = message as unknown as Record<string, unknown>;
    for (const { name, check } of checks) {
      const violation = check(values[name]);
      if (violation !== undefined) return violation;
    }
    return undefined;
  };
}

function compileCheck(field: DescField, options: FieldRulesOptions): FieldCheck | undefined {
  const rules = compileFieldRules(field, options);
  switch (field.fieldKind) {
    case "scalar": {
      const { value: check } = rules;
      if (check === undefined) return undefined;
      return (value) => {
        const violation = value === undefined ? undefined : check(value);
        return violation && violationOf(violation.reason, field, violation.values);
      };
    }
    case "message": {
      const check = compileMessageRules(field.message, options);
      return (value) => {
        const violation = value === undefined ? undefined : check(value as Message);
        return violation && insideField(violation, field);
      };
    }
    case "list":
      return compileListCheck(field, rules, options);
    case "enum":
      return undefined;
    case "map":
      throw unsupported(field, "a map");
  }
}

function compileListCheck(
  field: DescField & { fieldKind: "list" },
  rules: ReturnType<typeof compileFieldRules>,
  options: FieldRulesOptions,
): FieldCheck {
  const entryCheck =
    field.listKind === "message"
      ? compileMessageRules(field.message, options)
      : (value: unknown) => {
          const violation = rules.value?.(value);
          return violation && { values: {}, ...violation, path: [] };
        };
  return (value) => {
    const list = value as never[];
    const tooFewOrMany = rules.length?.(list.length);
    if (tooFewOrMany !== undefined) {
      return violationOf(tooFewOrMany.reason, field, tooFewOrMany.values);
    }
    for (let index = 0; index < list.length; index++) {
      const violation = entryCheck(list[index] as never);
      if (violation !== undefined) return insideEntry(violation, field, index);
    }
    return undefined;
  };
}
