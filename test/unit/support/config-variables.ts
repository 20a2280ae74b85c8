import type { Config } from "../../../src/config.ts";

/** An environment variable with its valid values, its invalid values, and the text of the error. */
export interface Variable {
  readonly name: string;
  readonly property: keyof Config;
  readonly fallback: unknown;
  readonly good: readonly (readonly [text: string, value: unknown])[];
  /** A variable without invalid values accepts any text. */
  readonly bad: readonly string[];
  readonly allowed: string;
}

const notWhole = ["x", "-1", "1.5", "1e3", "0x10", " 1", "1 ", "+1", "NaN", "Infinity", "1_000"];

export const configVariables: readonly Variable[] = [
  {
    name: "HOST",
    property: "host",
    fallback: "127.0.0.1",
    good: [
      ["0.0.0.0", "0.0.0.0"],
      ["::", "::"],
      ["localhost", "localhost"],
    ],
    bad: [],
    allowed: "",
  },
  {
    name: "PORT",
    property: "port",
    fallback: 8080,
    good: [
      ["0", 0],
      ["1", 1],
      ["65535", 65_535],
    ],
    bad: [...notWhole, "65536", "99999999999999999999"],
    allowed: "a whole number from 0 to 65535",
  },
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
    allowed: "1 to 63 letters, digits, _ and -, not beginning with a digit or pg_",
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
    good: [
      ["on", true],
      ["off", false],
    ],
    bad: ["true", "1", "OFF"],
    allowed: "one of on, off",
  },
  {
    name: "MIGRATE",
    property: "migrates",
    fallback: true,
    good: [
      ["on", true],
      ["off", false],
    ],
    bad: ["true", "never"],
    allowed: "one of on, off",
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
  {
    name: "MAX_CONTACTS_PER_REQUEST",
    property: "maxContactsPerRequest",
    fallback: 10_000,
    good: [
      ["1", 1],
      ["10000", 10_000],
    ],
    bad: [...notWhole, "0", "10001"],
    allowed: "a whole number from 1 to 10000",
  },
  {
    name: "MAX_BODY_BYTES",
    property: "maxBodyBytes",
    fallback: 8_388_608,
    good: [
      ["1024", 1_024],
      ["1073741824", 1_073_741_824],
    ],
    bad: [...notWhole, "0", "1023", "1073741825"],
    allowed: "a whole number from 1024 to 1073741824",
  },
  {
    name: "REQUEST_TIMEOUT_MS",
    property: "requestTimeoutMs",
    fallback: 10_000,
    good: [
      ["1", 1],
      ["3600000", 3_600_000],
    ],
    bad: [...notWhole, "0", "3600001"],
    allowed: "a whole number from 1 to 3600000",
  },
  {
    name: "KEEP_ALIVE_TIMEOUT_MS",
    property: "keepAliveTimeoutMs",
    fallback: 75_000,
    good: [
      ["1", 1],
      ["3600000", 3_600_000],
    ],
    bad: [...notWhole, "0", "3600001"],
    allowed: "a whole number from 1 to 3600000",
  },
  {
    name: "DRAIN_DELAY_MS",
    property: "drainDelayMs",
    fallback: 0,
    good: [
      ["0", 0],
      ["3600000", 3_600_000],
    ],
    bad: [...notWhole, "3600001"],
    allowed: "a whole number from 0 to 3600000",
  },
  {
    name: "SHUTDOWN_TIMEOUT_MS",
    property: "shutdownTimeoutMs",
    fallback: 10_000,
    good: [
      ["0", 0],
      ["3600000", 3_600_000],
    ],
    bad: [...notWhole, "3600001"],
    allowed: "a whole number from 0 to 3600000",
  },
  {
    name: "LOG_LEVEL",
    property: "logLevel",
    fallback: "info",
    good: ["trace", "debug", "info", "warn", "error", "fatal", "silent"].map(
      (level) => [level, level] as const,
    ),
    bad: ["INFO", "verbose", " info"],
    allowed: "one of trace, debug, info, warn, error, fatal, silent",
  },
  {
    name: "BUILD_COMMIT",
    property: "buildCommit",
    fallback: undefined,
    good: ["0123abc", "0123456789abcdef0123456789abcdef01234567", "a".repeat(64)].map(
      (commit) => [commit, commit] as const,
    ),
    bad: ["main", "0123ab", "0123ABC", "a".repeat(65), "0123abc "],
    allowed: "7 to 64 hexadecimal digits",
  },
];
