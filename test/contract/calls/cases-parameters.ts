import type { Envelope } from "../case.ts";
import { parameterFault } from "../case.ts";
import type { CallCase } from "./case.ts";
import { astral, manyIds } from "./case.ts";
import { listCalls } from "./cases-list.ts";
import type { Rpc } from "./transports.ts";

/** A parameter that is an id, and a body that is valid except for it. */
interface IdParameter {
  readonly rpc: Rpc;
  readonly param: string;
  readonly code: string;
  readonly bodyWith: (id: unknown) => unknown;
  /** The end of the error message. */
  readonly suffix?: string;
  readonly isInList?: true;
}

const goodPair = { ownerXCUserID: "a", contactXCUserID: "b" };

const idParameters: readonly IdParameter[] = [
  ...listCalls.map(({ rpc, user }) => ({
    rpc,
    param: user,
    code: user === "ownerXCUserID" ? "102" : "103",
    bodyWith: (id: unknown) => ({ [user]: id }),
  })),
  ...[
    { param: "ownerXCUserID", code: "102" },
    { param: "contactXCUserID", code: "103" },
  ].map(({ param, code }) => ({
    rpc: "checkContacts" as const,
    param,
    code,
    bodyWith: (id: unknown) => ({ pairs: [goodPair, { ...goodPair, [param]: id }, goodPair] }),
    suffix: " (pairs[1])",
  })),
  {
    rpc: "countContacts",
    param: "xcUserID",
    code: "109",
    bodyWith: (id) => ({ xcUserID: id }),
  },
  {
    rpc: "replaceContacts",
    param: "ownerXCUserID",
    code: "102",
    bodyWith: (id) => ({ ownerXCUserID: id, contactXCUserIDs: ["a"] }),
  },
  {
    rpc: "replaceContacts",
    param: "contactXCUserIDs",
    code: "110",
    bodyWith: (id) => ({ ownerXCUserID: "u", contactXCUserIDs: ["a", "b", id, ""] }),
    suffix: " (contactXCUserIDs[2])",
    isInList: true,
  },
  {
    rpc: "fingerprintContacts",
    param: "ownerXCUserID",
    code: "102",
    bodyWith: (id) => ({ ownerXCUserID: id }),
  },
  { rpc: "eraseUser", param: "xcUserID", code: "109", bodyWith: (id) => ({ xcUserID: id }) },
];

interface BadValue {
  readonly value: unknown;
  readonly says: string;
  readonly isJsonOnly?: true;
}

const notUnicode = "must be valid Unicode, without lone surrogates";

/** JSON values of another type, which a message cannot have. */
function ofOtherType(says: string, values: readonly unknown[]): BadValue[] {
  return values.map((value) => ({ value, says, isJsonOnly: true }));
}

const absent = [undefined, null].map((value) => ({ value, says: "is required" }));

const badIds: readonly BadValue[] = [
  { value: "", says: "is required" },
  { value: "x".repeat(51), says: "cannot be longer than 50 characters" },
  { value: astral.repeat(51), says: "cannot be longer than 50 characters" },
  { value: "\0", says: "cannot contain a NUL character" },
  { value: `${"x".repeat(49)}\0`, says: "cannot contain a NUL character" },
  { value: "a\ud83d", says: notUnicode, isJsonOnly: true },
  { value: "\udc4d", says: notUnicode, isJsonOnly: true },
  ...ofOtherType("must be a string", [0, 1, -1.5, true, [], ["a"], {}, { id: "a" }]),
];

const badPageSizes: readonly BadValue[] = [
  ...[0, -1, 1_001, -(2 ** 31), 2 ** 31 - 1].map((value) => ({
    value,
    says: "must be from 1 to 1,000",
  })),
  ...ofOtherType("must be from 1 to 1,000", [2 ** 31, 2 ** 32 + 5, -(2 ** 31) - 1, 1e300]),
  ...ofOtherType("must be an integer", ["5", "", "all", true, 1.5, [], [5], {}]),
];

const badPageTokens: readonly BadValue[] = [
  ...["A", "x".repeat(400), "AAAAAAAAAAAAAAAAAAAAAA", "%", "a b", "\0", "null"].map((value) => ({
    value,
    says: "is not a page token of this call and list",
  })),
  { value: "x".repeat(401), says: "cannot be longer than 400 characters" },
  { value: "\ud83d", says: notUnicode, isJsonOnly: true },
  ...ofOtherType("must be a string", [0, true, [], {}]),
];

const badFlags = ofOtherType("must be true or false", ["", "yes", "TRUE", 0, 1, [], {}]);
const badFingerprints: readonly BadValue[] = [
  { value: "\ud83d", says: notUnicode, isJsonOnly: true },
  ...ofOtherType("must be a string", [0, true, [], {}]),
];

const badPairLists: readonly BadValue[] = [
  ...[undefined, null, []].map((value) => ({ value, says: "cannot be empty" })),
  {
    value: manyIds(1_001).map((id) => ({ ...goodPair, contactXCUserID: id })),
    says: "cannot have more than 1,000 entries",
  },
  ...ofOtherType("must be a list", ["", "a", 0, true, {}, goodPair]),
  ...ofOtherType("must be an object (pairs[1])", ["a", null, 1, [], [goodPair]]).map((bad) => ({
    ...bad,
    value: [goodPair, bad.value],
  })),
];

const badIdLists: readonly BadValue[] = [
  ...ofOtherType("is required", [undefined, null]),
  { value: manyIds(10_001), says: "cannot have more than 10,000 entries" },
  ...ofOtherType("must be a list", ["", "a", 0, true, {}, { 0: "a", length: 1 }]),
  { value: ["a", null], says: "must be a string (contactXCUserIDs[1])", isJsonOnly: true },
];

function rejections(
  rpc: Rpc,
  { param, code, suffix = "" }: Pick<IdParameter, "param" | "code" | "suffix">,
  bad: readonly BadValue[],
  bodyWith: (value: unknown) => unknown,
): CallCase[] {
  return bad.map(({ value, says, ...rest }) => ({
    name: `${rpc}: ${param}${suffix} that is ${show(value)}`,
    rpc,
    body: bodyWith(value),
    ...rest,
    expect: parameterFault(code, `Param '${param}' ${says}${suffix}`),
  }));
}

function show(value: unknown): string {
  const text = JSON.stringify(value) ?? "missing";
  return text.length > 60 ? `${text.slice(0, 30)}... of ${text.length}` : text;
}

function faults(name: string, rpc: Rpc, body: unknown, expect: Envelope): CallCase {
  return { name: `${rpc}: the first of two faults in order: ${name}`, rpc, body, expect };
}

const replaceBody = { ownerXCUserID: "u", contactXCUserIDs: ["a"] };

export const callParameterCases: readonly CallCase[] = [
  ...idParameters.flatMap((parameter) => {
    const bad = parameter.isInList ? badIds : [...absent, ...badIds];
    return rejections(parameter.rpc, parameter, bad, parameter.bodyWith);
  }),
  ...listCalls.flatMap(({ rpc, user }) => [
    ...rejections(rpc, { param: "pageSize", code: "106" }, badPageSizes, (pageSize) => ({
      [user]: "u",
      pageSize,
    })),
    ...rejections(rpc, { param: "pageToken", code: "107" }, badPageTokens, (pageToken) => ({
      [user]: "u",
      pageToken,
    })),
    faults(
      "the user, the size, the token",
      rpc,
      { pageToken: "x", pageSize: 0, [user]: "" },
      parameterFault(user === "ownerXCUserID" ? "102" : "103", `Param '${user}' is required`),
    ),
    faults(
      "the size, the token",
      rpc,
      { pageToken: "x", pageSize: 0, [user]: "u" },
      parameterFault("106", "Param 'pageSize' must be from 1 to 1,000"),
    ),
  ]),
  ...rejections("checkContacts", { param: "pairs", code: "108" }, badPairLists, (pairs) => ({
    pairs,
  })),
  ...rejections(
    "replaceContacts",
    { param: "contactXCUserIDs", code: "110" },
    badIdLists,
    (contactXCUserIDs) => ({ ownerXCUserID: "u", contactXCUserIDs }),
  ),
  ...rejections(
    "syncContacts",
    { param: "returnOutcomes", code: "105" },
    badFlags,
    (returnOutcomes) => ({ contacts: [goodPair], returnOutcomes }),
  ),
  ...rejections("replaceContacts", { param: "dryRun", code: "111" }, badFlags, (dryRun) => ({
    ...replaceBody,
    dryRun,
  })),
  ...rejections(
    "replaceContacts",
    { param: "expectedFingerprint", code: "112" },
    badFingerprints,
    (expectedFingerprint) => ({ ...replaceBody, expectedFingerprint }),
  ),
  faults(
    "the entry before, the later one",
    "checkContacts",
    {
      pairs: [
        { ...goodPair, contactXCUserID: "" },
        { ...goodPair, ownerXCUserID: "" },
      ],
    },
    parameterFault("103", "Param 'contactXCUserID' is required (pairs[0])"),
  ),
  faults(
    "the owner, the list",
    "replaceContacts",
    { contactXCUserIDs: [""] },
    parameterFault("102", "Param 'ownerXCUserID' is required"),
  ),
];
