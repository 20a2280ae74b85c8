import type { DescField, DescMessage, Message } from "@bufbuild/protobuf";
import type { FieldRulesOptions } from "./field-rules.ts";
import { assertNoMessageRules, compileFieldRules, unsupported } from "./field-rules.ts";
import type { Violation } from "./violation.ts";
import { insideEntry, insideField, violation } from "./violation.ts";

/** Finds the first violation in a message: fields in the order of the proto, lists in list order. */
export type MessageRules = (message: Message) => Violation | undefined;

type FieldCheck = (value: unknown) => Violation | undefined;

/**
 * Compiles the protovalidate constraints of a message and of the messages in it.
 *
 * @throws Error when a field has a kind or constraint that is not known
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
      const broken = check(values[name]);
      if (broken !== undefined) return broken;
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
        const breach = value === undefined ? undefined : check(value);
        return breach && violation(breach.reason, field, breach.values);
      };
    }
    case "message": {
      const check = compileMessageRules(field.message, options);
      return (value) => {
        const broken = value === undefined ? undefined : check(value as Message);
        return broken && insideField(broken, field);
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
          const breach = rules.value?.(value);
          return breach && { reason: breach.reason, values: breach.values ?? {}, path: [] };
        };
  return (value) => {
    const list = value as never[];
    const breach = rules.length?.(list.length);
    if (breach !== undefined) return violation(breach.reason, field, breach.values);
    for (let index = 0; index < list.length; index++) {
      const broken = entryCheck(list[index] as never);
      if (broken !== undefined) return insideEntry(broken, field, index);
    }
    return undefined;
  };
}
