import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { checkEnvironment, withEnvironment } from "../../../src/storage/database-environment.ts";
import { createDatabaseHosts } from "../../../src/storage/database-hosts.ts";
import { checkDatabaseUrl, parseDatabaseUrl } from "../../../src/storage/database-url.ts";
import { findPassword } from "../../../src/storage/password-file.ts";
import { tlsOptions } from "../../../src/storage/tls.ts";

describe("a URL names", () => {
  test.each<[url: string, addresses: [host: string, port: number][]]>([
    ["postgres://a/d", [["a", 5432]]],
    [
      "postgres://u@a:1,b:2/d",
      [
        ["a", 1],
        ["b", 2],
      ],
    ],
    [
      "postgres://a,b:2/d",
      [
        ["a", 5432],
        ["b", 2],
      ],
    ],
    [
      "postgres://[::1]:7,b/d",
      [
        ["::1", 7],
        ["b", 5432],
      ],
    ],
    ["postgres://%2Frun/d", [["/run", 5432]]],
    [
      "postgres:///d?host=a,b&port=7",
      [
        ["a", 7],
        ["b", 7],
      ],
    ],
    ["postgres:///d", [["localhost", 5432]]],
  ])("the hosts of %s", (url, addresses) => {
    const found = parseDatabaseUrl(url).addresses.map(({ host, port }) => [host, port]);
    expect(found).toEqual(addresses);
  });

  test("a user, a password and a database, encoded", () => {
    const url = "postgres://u%40x:p%40ss%2Fw%231:2@h/my%20db?application_name=a+b";
    expect(parseDatabaseUrl(url)).toMatchObject({
      user: "u@x",
      password: "p@ss/w#1:2",
      database: "my db",
    });
  });
});

test.each([
  ["service", "x"],
  ["sslcrl", "x"],
  ["hostaddr", "1.2.3.4"],
  ["sslmode", "allow"],
  ["gssencmode", "require"],
  ["tcp_user_timeout", "1"],
  ["target_session_attrs", "writable"],
])("%s=%s is rejected by name, without its value", (name, value) => {
  const problem = checkDatabaseUrl(`postgres://u:hunter2@h/d?${name}=${value}`);
  expect(problem).toContain(name);
  expect(problem).not.toContain("hunter2");
});

test("variables of libpq say what the URL does not say", () => {
  const env = { PGPASSWORD: "p@ss/w#1", PGUSER: "other", PGHOST: "x", PGSSLROOTCERT: "/ca" };
  const target = parseDatabaseUrl(withEnvironment("postgres://kith@db/kith", env));
  expect(target).toMatchObject({ user: "kith", password: "p@ss/w#1" });
  expect(target.addresses).toEqual([{ host: "db", port: 5432 }]);
  expect(target.parameters.get("sslrootcert")).toBe("/ca");
  expect(withEnvironment("postgres://kith@db/kith", {})).toBe("postgres://kith@db/kith");
  expect(checkEnvironment({ PGSERVICE: "x" })).toContain("PGSERVICE");
});

test("a host that fails is tried last for five seconds", () => {
  vi.useFakeTimers({ toFake: ["performance"] });
  onTestFinished(() => void vi.useRealTimers());
  vi.advanceTimersByTime(60_000);
  const hosts = createDatabaseHosts(parseDatabaseUrl("postgres://a,b/d"));
  const first = hosts.next();
  expect(first.host).toBe("a");
  hosts.noteFailure(first);
  expect(hosts.next().host).toBe("b");
  expect(hosts.haveAllFailed()).toBe(false);
  vi.advanceTimersByTime(1_000);
  hosts.noteFailure(hosts.next());
  expect(hosts.haveAllFailed()).toBe(true);
  expect(hosts.next().host).toBe("a");
  vi.advanceTimersByTime(5_001);
  expect(hosts.next().host).toBe("a");
  expect(hosts.haveAllFailed()).toBe(false);
});

test("a password file gives the password of the first line that matches", async () => {
  const directory = mkdtempSync(join(tmpdir(), "kith-pgpass-"));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const path = join(directory, "pgpass");
  writeFileSync(path, "# comment\nh:1:d:u:one\nh:*:*:u:t\\:w\\\\o\nlocalhost:*:*:*:three\n");
  const question = { host: "h", port: 1, database: "d", user: "u" };
  expect(await findPassword(path, question)).toBe("one");
  expect(await findPassword(path, { ...question, port: 2 })).toBe("t:w\\o");
  expect(await findPassword(path, { ...question, host: "/run" })).toBe("three");
  expect(await findPassword(path, { ...question, user: "x" })).toBeUndefined();
  expect(await findPassword(join(directory, "none"), question)).toBeUndefined();
});

describe("TLS", () => {
  const options = (query: string, host = "db") =>
    tlsOptions(parseDatabaseUrl(`postgres://${host}/d?${query}`).parameters, host);

  test("is off for a Unix socket and with sslmode=disable", () => {
    expect(tlsOptions(new Map([["sslmode", "verify-full"]]), "/run")).toBe(false);
    expect(options("sslmode=disable")).toBe(false);
  });

  test.each(["", "sslmode=prefer", "sslmode=require"])("checks no certificate with %j", (query) => {
    expect(options(query)).toMatchObject({ rejectUnauthorized: false });
  });

  test("checks the certificate with the roots of the system", () => {
    expect(options("sslrootcert=system")).toMatchObject({ rejectUnauthorized: true });
    expect(() => options("sslmode=require&sslrootcert=system")).toThrow(
      /needs sslmode=verify-full/,
    );
  });

  test("needs roots to check a certificate", () => {
    expect(() => options("sslmode=verify-ca&sslrootcert=/missing")).toThrow(/ENOENT/);
  });
});
