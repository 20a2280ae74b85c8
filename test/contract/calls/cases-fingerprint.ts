import { success } from "../case.ts";
import type { Pair } from "../model.ts";
import type { CallCase } from "./case.ts";
import { astral, lastOfFirstPlane } from "./case.ts";

/** Computed with `printf 'a\0b\0' | sha256sum | cut -c1-32`. They must never change. */
export const fingerprints = {
  none: "e3b0c44298fc1c149afbf4c8996fb924",
  a: "ffe9aaeaa2a2d5048174df0b80599ef0",
  ab: "8fb20ef63ced4145fc2e983ffe597d1d",
  upperAndLower: "911d2aed4c79e2437075caccd00676bd",
  byteOrder: "116cba00af5cdf0749e2c9f6381978ee",
} as const;

function fingerprint(
  name: string,
  before: readonly Pair[],
  expected: string,
  contactCount: number,
): CallCase {
  return {
    name: `fingerprintContacts: ${name}`,
    rpc: "fingerprintContacts",
    before,
    body: { ownerXCUserID: "u" },
    expect: success({ fingerprint: expected, contactCount }),
  };
}

export const fingerprintCases: readonly CallCase[] = [
  fingerprint("an empty list", [], fingerprints.none, 0),
  fingerprint(
    "a list that others have",
    [
      ["a", "u"],
      ["v", "a"],
    ],
    fingerprints.none,
    0,
  ),
  fingerprint("one contact", [["u", "a"]], fingerprints.a, 1),
  fingerprint(
    "two",
    [
      ["u", "a"],
      ["u", "b"],
    ],
    fingerprints.ab,
    2,
  ),
  fingerprint(
    "the same two, added in the reverse order",
    [
      ["u", "b"],
      ["u", "a"],
    ],
    fingerprints.ab,
    2,
  ),
  fingerprint(
    "not the pairs of others",
    [
      ["u", "a"],
      ["v", "b"],
      ["u ", "c"],
    ],
    fingerprints.a,
    1,
  ),
  fingerprint(
    "upper case before lower case",
    [
      ["u", "a"],
      ["u", "B"],
    ],
    fingerprints.upperAndLower,
    2,
  ),
  fingerprint(
    "by bytes, not by UTF-16 code units",
    [
      ["u", astral],
      ["u", lastOfFirstPlane],
      ["u", "a"],
    ],
    fingerprints.byteOrder,
    3,
  ),
];
