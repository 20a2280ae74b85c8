import type { DescField, DescMessage } from "@bufbuild/protobuf";
import type { Fault } from "../errors.ts";
import { fault } from "../errors.ts";
import type { FieldLimitsOptions } from "./field-limits.ts";
import { readFieldLimits } from "./field-limits.ts";
import { faultOf, violationOf } from "./violation.ts";

/**
 * The maximum number of values in a request: fields, list entries, and the fields in these. Unknown fields
 * count too. It limits the time to decode a message. The longest lists need less than half of it.
 */
export const maxValues = 100_000;

/** A list that has too many entries, and the limit that it exceeds. */
export interface LongList {
  readonly field: DescField;
  readonly most: number;
}

/** The lists of a message, without those in its fields, and the maximum number of entries of each. */
export function listLimitsOf(desc: DescMessage, options: FieldLimitsOptions): LongList[] {
  return desc.fields.flatMap((field) => {
    const { length } = readFieldLimits(field, options);
    return length === undefined ? [] : [{ field, most: length.most }];
  });
}

/**
 * The fault of a message with more than `maxValues` values.
 *
 * @param longList the list that has too many entries, if there is one
 */
export function tooManyValues(longList: LongList | undefined): Fault {
  if (longList === undefined) {
    return fault("BODY_TOO_MANY_VALUES", { limit: maxValues.toLocaleString("en-US") });
  }
  const { field, most } = longList;
  const limit = most.toLocaleString("en-US");
  return faultOf(violationOf("PARAM_TOO_MANY", field, { limit }));
}
