import type { Variable } from "./variable.ts";
import { notWhole, onAndOff } from "./variable.ts";

/** The variables of the database. */
export const databaseVariables: readonly Variable[] = [
  {
    name: "DATABASE_URL",
    property: "databaseUrl",
    fallback: undefined,
    good: [
      "postgres://u:p@localhost:5432/kith",
      "postgresql://localhost/kith?sslmode=require",
      "postgresql:///kith?host=%2Frun&user=postgres",
      "postgres://u@/kith?host=/run/postgresql",
      "postgres://u:p@h/kith?options=-c%20search_path%3Dapp&application_name=contacts",
      "postgres://u:p@h/kith?sslmode=require&channel_binding=require&connect_timeout=10",
    ].map((url) => [url, url] as const),
    bad: [
      "localhost:5432",
      "mysql://localhost/kith",
      "postgres:kith",
      "postgres://",
      "postgres://a b",
      "postgres://u:pa#ss@localhost/kith",
      "postgres://u:p@localhost:port/kith",
      "postgres://u:p@localhost:99999/kith",
      "postgres://u:p%zz@localhost/kith",
      "postgres://u:p@localhost/kith%zz",
    ],
    allowed: "a URL such as postgres://user:password@host:5432/database",
  },
  {
    name: "DATABASE_READ_URL",
    property: "databaseReadUrl",
    fallback: undefined,
    good: [["postgres://u@h/kith", "postgres://u@h/kith"]],
    bad: ["localhost:5432"],
    allowed: "a URL such as postgres://user:password@host:5432/database",
  },
  {
    name: "DATABASE_READ_MAX_LAG_MS",
    property: "databaseReadMaxLagMs",
    fallback: 5_000,
    good: [["100", 100]],
    bad: [...notWhole, "99"],
    allowed: "a whole number from 100 to 3600000",
  },
  {
    name: "DATABASE_SCHEMA",
    property: "databaseSchema",
    fallback: undefined,
    good: ["kith", "Kith", "_kith-2", "k".repeat(63)].map((name) => [name, name] as const),
    bad: ["k".repeat(64), "2kith", "pg_kith", "my kith", "kith;", '"kith"', "kïth", "a,b"],
    allowed:
      "1 to 63 letters, digits, _ and -, not beginning with a digit or pg_, and not information_schema",
  },
  {
    name: "DATABASE_POOL_SIZE",
    property: "databasePoolSize",
    fallback: 10,
    good: [
      ["1", 1],
      ["1000", 1_000],
    ],
    bad: [...notWhole, "0", "1001"],
    allowed: "a whole number from 1 to 1000",
  },
  {
    name: "DATABASE_PREPARE",
    property: "databasePrepare",
    fallback: true,
    good: onAndOff,
    bad: ["true", "1", "OFF"],
    allowed: "on or off",
  },
  {
    name: "MIGRATE",
    property: "migrates",
    fallback: true,
    good: onAndOff,
    bad: ["true", "never"],
    allowed: "on or off",
  },
  {
    name: "DATA_DIR",
    property: "dataDir",
    fallback: ".data",
    good: [["/var/lib/kith data", "/var/lib/kith data"]],
    bad: [],
    allowed: "",
  },
  {
    name: "BOOTSTRAP_SERVER_KEY",
    property: "bootstrapServerKey",
    fallback: undefined,
    good: [
      ["id:secret", { id: "id", secret: "secret" }],
      ["id:se:cret:", { id: "id", secret: "se:cret:" }],
    ],
    bad: [
      ...["id", "id:", ":secret", ":", `${"x".repeat(256)}:secret`],
      ...["id:secret\n", "id:secret\r", "id:sec\r\nret", " id:secret", "id:secret ", "i d:secret"],
      ...[
        "id:sec\tret",
        "id:sec\u00a0ret",
        "\ufeffid:secret",
        "id:secret\u200b",
        "id:sec\u0001ret",
      ],
      ...['"id:secret"', "'id:secret'", "id:'secret'", "`id:secret`", "id:\u201csecret\u201d"],
      "id:sec\ud800ret",
    ],
    allowed:
      "KEY_ID:KEY_SECRET, both not empty, without blanks, line breaks, quotes and control characters, the id of at most 255 characters",
  },
];
