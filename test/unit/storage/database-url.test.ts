import { expect, test } from "vitest";
import { checkDatabaseUrl } from "../../../src/storage/database-url.ts";

const base = "postgres://kith:hunter2@db:5432/kith";
const shape = "a URL such as postgres://user:password@host:5432/database";

test.each([
  ...["statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout", "query_timeout"],
  ...["client_encoding", "encoding", "replication", "binary", "keepAlive"],
])("the parameter %s would replace a setting of Kith's own, and is named", (name) => {
  expect(checkDatabaseUrl(`${base}?sslmode=require&${name}=1`)).toBe(
    `${shape}, without ${name}, which Kith sets itself`,
  );
});

test.each(["schema", "currentSchema", "search_path"])(
  "the parameter %s, which has no effect in the driver, is rejected by name",
  (name) => {
    expect(checkDatabaseUrl(`${base}?${name}=kith`)).toBe(
      `${shape}, without ${name}; use DATABASE_SCHEMA`,
    );
  },
);

test.each([
  ["an unknown parameter", `${base}?hunter2=hunter2`],
  ["a password with a question mark", "postgres://kith:12?hunter2@db/kith"],
  ["a password with a hash", "postgres://kith:#hunter2@db/kith"],
  ["a password with a percent sign", "postgres://kith:%hunter2@db/kith"],
  ["a password with a slash", "postgres://kith:a/hunter2@db/kith"],
  ["a password that starts with digits and a slash", "postgres://kith:12/hunter2@db/kith"],
  ["a password with a slash before the last at sign", "postgres://kith:12/hunter2@db"],
  ["a port that is not a number", "postgres://kith:hunter2@/kith?host=db&port=x"],
])("%s is rejected, and the error does not contain it", (_, url) => {
  const allowed = checkDatabaseUrl(url);
  expect(allowed).toContain(shape);
  expect(allowed).not.toContain("hunter2");
});

test.each([
  ["host", "%2Frun"],
  ["port", "5433"],
  ["user", "kith"],
  ["password", "hunter2"],
  ["application_name", "contacts"],
  ["options", "-c%20search_path%3Dapp"],
  ["sslmode", "verify-full"],
  ["sslrootcert", "/etc/ca.crt"],
  ["connect_timeout", "5"],
  ["channel_binding", "require"],
  ["target_session_attrs", "read-write"],
])("the parameter %s is allowed", (name, value) => {
  expect(checkDatabaseUrl(`${base}?${name}=${value}`)).toBeUndefined();
});
