import type { DescField } from "@bufbuild/protobuf";
import { getOption } from "@bufbuild/protobuf";
import type { Fault, Reason } from "../errors.ts";
import { fault } from "../errors.ts";
import { field_code } from "../gen/contact/v1/options_pb.ts";

/** A field that breaks a rule. The path is collected on the way out, innermost segment first. */
export interface Violation {
  readonly reason: Reason;
  readonly values: Readonly<Record<string, string>>;
  readonly path: PathSegment[];
}

export interface PathSegment {
  readonly field: DescField;
  /** Position in a list, where the segment is an entry of one. */
  readonly index?: number;
}

export function violation(
  reason: Reason,
  field: DescField,
  values: Readonly<Record<string, string>> = {},
): Violation {
  return { reason, values, path: [{ field }] };
}

/** Says that the violation lies inside an entry of a list, and hands it on. */
export function insideEntry(inner: Violation, field: DescField, index: number): Violation {
  inner.path.push({ field, index });
  return inner;
}

/** Says that the violation lies inside a message field, and hands it on. */
export function insideField(inner: Violation, field: DescField): Violation {
  inner.path.push({ field });
  return inner;
}

/**
 * The fault a caller sees: the message names the parameter as REST spells it, and ends with the
 * innermost list entry it is in, such as ` (contacts[3])`.
 */
export function faultOf(broken: Violation): Fault {
  const field = innermost(broken);
  const entry = broken.path.find((segment) => segment.index !== undefined);
  const path = broken.path.map(inProtoNames).reverse().join(".");
  return fault(
    broken.reason,
    { param: field.jsonName, ...broken.values },
    {
      at: { path, fieldCode: fieldCodeOf(field) },
      suffix: entry === undefined ? "" : ` (${entry.field.jsonName}[${entry.index}])`,
    },
  );
}

function innermost(broken: Violation): DescField {
  const [first] = broken.path;
  if (first === undefined) throw new TypeError("a violation has at least one path segment");
  return first.field;
}

function inProtoNames({ field, index }: PathSegment): string {
  return index === undefined ? field.name : `${field.name}[${index}]`;
}

/** The documented number of a field, or empty where it has none. */
function fieldCodeOf(field: DescField): string {
  const code = getOption(field, field_code);
  return code === 0 ? "" : String(code);
}
