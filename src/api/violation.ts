import type { DescField } from "@bufbuild/protobuf";
import { getOption } from "@bufbuild/protobuf";
import type { Fault, Reason } from "../errors.ts";
import { fault } from "../errors.ts";
import { field_code } from "../gen/contact/v1/options_pb.ts";

/** A field that violates a rule. The path begins with the innermost segment. */
export interface Violation {
  readonly reason: Reason;
  readonly values: Readonly<Record<string, string>>;
  readonly path: PathSegment[];
}

export interface PathSegment {
  readonly field: DescField;
  /** Index in the list, if the segment is an entry of one. */
  readonly index?: number;
}

export function violationOf(
  reason: Reason,
  field: DescField,
  values: Readonly<Record<string, string>> = {},
): Violation {
  return { reason, values, path: [{ field }] };
}

/** Adds the entry of a list that contains the violation to its path. */
export function insideEntry(inner: Violation, field: DescField, index: number): Violation {
  inner.path.push({ field, index });
  return inner;
}

/** Adds the field that contains the violation to its path. */
export function insideField(inner: Violation, field: DescField): Violation {
  inner.path.push({ field });
  return inner;
}

/**
 * The fault that the caller receives. Its message names the parameter as REST spells it, and ends with
 * the innermost list entry that contains it, such as ` (contacts[3])`.
 */
export function faultOf(violation: Violation): Fault {
  const field = innermost(violation);
  const entry = violation.path.find((segment) => segment.index !== undefined);
  const path = violation.path.map(inProtoNames).reverse().join(".");
  return fault(
    violation.reason,
    { param: field.jsonName, ...violation.values },
    {
      at: { path, fieldCode: fieldCodeOf(field) },
      suffix: entry === undefined ? "" : ` (${entry.field.jsonName}[${entry.index}])`,
    },
  );
}

function innermost({ path }: Violation): DescField {
  const [first] = path;
  if (first === undefined) throw new TypeError("a violation has at least one path segment");
  return first.field;
}

function inProtoNames({ field, index }: PathSegment): string {
  return index === undefined ? field.name : `${field.name}[${index}]`;
}

/** The documented number of a field, or an empty string if it has none. */
function fieldCodeOf(field: DescField): string {
  const code = getOption(field, field_code);
  return code === 0 ? "" : String(code);
}
