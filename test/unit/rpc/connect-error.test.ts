import { create, toBinary } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { status as grpcStatus } from "@grpc/grpc-js";
import { expect, test } from "vitest";
import type { ErrorRow, Reason } from "../../../src/errors.ts";
import { errors, fault } from "../../../src/errors.ts";
import { BadRequestSchema, ErrorInfoSchema } from "../../../src/gen/google/rpc/error_details_pb.ts";
import { toConnectError, toFault } from "../../../src/rpc/connect-error.ts";

const rows = Object.entries(errors) as [Reason, ErrorRow][];
const values = {
  ...{ param: "ownerXCUserID", type: "a string", limit: "50", format: "JSON" },
  ...{ least: "1", most: "9" },
};
const at = { path: "contacts[3].owner_xc_user_id", fieldCode: "102" };

test.each(rows)("%s has the number that gRPC gives its status", (reason, { grpc }) => {
  expect(toConnectError(fault(reason, values)).code).toBe(grpcStatus[grpc]);
});

test.each(rows)("%s carries its message and an ErrorInfo, and names no field", (reason, row) => {
  const from = fault(reason, values, { cause: new Error("internal") });
  const error = toConnectError(from);
  expect(error.rawMessage).toBe(from.message);
  expect(error.cause).toBeUndefined();
  expect(error.details).toHaveLength(1);
  expect(error.findDetails(ErrorInfoSchema)).toMatchObject([
    { reason, domain: "kith", metadata: { code: row.rest, field: "" } },
  ]);
});

test.each(rows)("%s at a field carries a BadRequest with its path", (reason, row) => {
  const from = fault(reason, values, { at });
  const error = toConnectError(from);
  expect(error.findDetails(BadRequestSchema)).toMatchObject([
    { fieldViolations: [{ field: at.path, description: from.message, reason }] },
  ]);
  expect(error.findDetails(ErrorInfoSchema)).toMatchObject([
    { metadata: { code: row.rest, field: at.fieldCode } },
  ]);
});

test.each(rows)("%s sends Retry-After where the table has it", (reason, { retryAfter }) => {
  const sent = toConnectError(fault(reason, values)).metadata.get("Retry-After");
  expect(sent).toBe(retryAfter === undefined ? null : String(retryAfter));
});

test("details can be written as protobuf", () => {
  const error = toConnectError(fault("PARAM_REQUIRED", values, { at }));
  const bytes = error.details.map((detail) =>
    "desc" in detail ? toBinary(detail.desc, create(detail.desc, detail.value)) : detail.value,
  );
  expect(bytes.every((detail) => detail.length > 0)).toBe(true);
});

const thrown: { name: string; error: unknown; reason: Reason }[] = [
  {
    name: "Connect's deadline",
    error: new ConnectError("the operation timed out", Code.DeadlineExceeded),
    reason: "DEADLINE_EXCEEDED",
  },
  {
    name: "Connect's cancellation",
    error: new ConnectError("left", Code.Canceled),
    reason: "CANCELLED",
  },
  { name: "an AbortError", error: AbortSignal.abort().reason, reason: "CANCELLED" },
  {
    name: "another ConnectError",
    error: new ConnectError("secret", Code.NotFound),
    reason: "INTERNAL",
  },
  { name: "an Error", error: new Error("secret"), reason: "INTERNAL" },
  { name: "a string", error: "secret", reason: "INTERNAL" },
  { name: "undefined", error: undefined, reason: "INTERNAL" },
];

test.each(thrown)("$name becomes $reason, its own text kept inside", ({ error, reason }) => {
  const made = toFault(error);
  expect(made.reason).toBe(reason);
  expect(made.message).toBe(errors[reason].message);
  expect(toConnectError(made).message).not.toContain("secret");
});

test("a bug keeps its cause for the log", () => {
  const bug = new Error("secret");
  expect(toFault(bug).cause).toBe(bug);
});

test("a fault stays itself", () => {
  const made = fault("NOT_FOUND");
  expect(toFault(made)).toBe(made);
});
