import { create, toBinary } from "@bufbuild/protobuf";
import { status as grpcStatus } from "@grpc/grpc-js";
import { expect, test } from "vitest";
import type { ErrorRow, Reason } from "../../../src/errors.ts";
import { errors, fault } from "../../../src/errors.ts";
import {
  BadRequestSchema,
  ErrorInfoSchema,
  RetryInfoSchema,
} from "../../../src/gen/google/rpc/error_details_pb.ts";
import { toConnectError } from "../../../src/transport/connect/error.ts";

const rows = Object.entries(errors) as [Reason, ErrorRow][];
const values = {
  ...{ param: "ownerXCUserID", type: "a string", limit: "50", format: "JSON" },
  ...{ least: "1", most: "9", other: "owner_xc_user_id", types: "application/json" },
  versions: "2",
};
const at = { path: "contacts[3].owner_xc_user_id", fieldCode: "102" };

test.each(rows)("%s has the number that gRPC gives its status", (reason, { grpc }) => {
  expect(toConnectError(fault(reason, values)).code).toBe(grpcStatus[grpc]);
});

test.each(rows)("%s contains its message and an ErrorInfo without a field", (reason, row) => {
  const from = fault(reason, values, { cause: new Error("internal") });
  const error = toConnectError(from);
  expect(error.rawMessage).toBe(from.message);
  expect(error.cause).toBeUndefined();
  expect(error.details).toHaveLength(row.retryAfter === undefined ? 1 : 2);
  expect(error.findDetails(ErrorInfoSchema)).toMatchObject([
    { reason, domain: "kith", metadata: { code: row.rest, field: "" } },
  ]);
});

test.each(rows)("%s at a field contains a BadRequest with the path of the field", (reason, row) => {
  const from = fault(reason, values, { at });
  const error = toConnectError(from);
  expect(error.findDetails(BadRequestSchema)).toMatchObject([
    { fieldViolations: [{ field: at.path, description: from.message, reason }] },
  ]);
  expect(error.findDetails(ErrorInfoSchema)).toMatchObject([
    { metadata: { code: row.rest, field: at.fieldCode } },
  ]);
});

test.each(rows)("%s has Retry-After and RetryInfo if the table has a delay", (reason, row) => {
  const { retryAfter } = row;
  const error = toConnectError(fault(reason, values));
  const sent = error.metadata.get("Retry-After");
  expect(sent).toBe(retryAfter === undefined ? null : String(retryAfter));
  expect(error.findDetails(RetryInfoSchema)).toMatchObject(
    retryAfter === undefined ? [] : [{ retryDelay: { seconds: BigInt(retryAfter) } }],
  );
});

test("details can be encoded as protobuf", () => {
  const error = toConnectError(fault("PARAM_REQUIRED", values, { at }));
  const bytes = error.details.map((detail) =>
    "desc" in detail ? toBinary(detail.desc, create(detail.desc, detail.value)) : detail.value,
  );
  expect(bytes.every((detail) => detail.length > 0)).toBe(true);
});
