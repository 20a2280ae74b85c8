import { availableParallelism } from "node:os";
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
  ...["TLS_CERT_FILE", "TLS_KEY_FILE", "TLS_CLIENT_CA_FILE"].map(
    (name): Variable => ({
      name,
      property: "tls",
      fallback: undefined,
      // test/unit/tls has the other tests.
      good: [],
      bad: [],
      allowed: "",
    }),
  ),
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
    name: "WORKERS",
    property: "workers",
    fallback: 1,
    good: [
      ["1", 1],
      ["256", 256],
      ["auto", availableParallelism()],
    ],
    bad: [...notWhole, "0", "257", "AUTO"],
    allowed: "auto or a whole number from 1 to 256",
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
    name: "RATE_LIMIT_CONTACTS_PER_SECOND",
    property: "rateLimit",
    fallback: undefined,
    good: [
      ["1", { contactsPerSecond: 1, burst: 1 }],
      ["1000000000", { contactsPerSecond: 1_000_000_000, burst: 1_000_000_000 }],
    ],
    bad: [...notWhole, "0", "1000000001"],
    allowed: "a whole number from 1 to 1000000000",
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
    name: "LOG_FORMAT",
    property: "logFormat",
    fallback: undefined,
    good: [
      ["json", "json"],
      ["pretty", "pretty"],
    ],
    bad: ["JSON", "text"],
    allowed: "one of json, pretty",
  },
  {
    name: "ACCESS_LOG",
    property: "accessLog",
    fallback: false,
    good: [
      ["on", true],
      ["off", false],
    ],
    bad: ["ON", "true", "1"],
    allowed: "on or off",
  },
  {
    name: "ACCESS_LOG_SAMPLE",
    property: "accessLogSample",
    fallback: 1,
    good: [
      ["0", 0],
      ["0.01", 0.01],
      [".5", 0.5],
      ["1", 1],
      ["1.0", 1],
    ],
    bad: ["1.1", "2", "-0.1", "1e-3", "x", "50%", " 1", "."],
    allowed: "a number from 0 to 1",
  },
  {
    name: "TRUST_PROXY",
    property: "trustedProxies",
    fallback: undefined,
    // test/unit/telemetry/client-address.test.ts has the other tests.
    good: [],
    bad: ["true", "1", "10.0.0.0/33", "localhost"],
    allowed: "a list of IP addresses and networks, such as 10.0.0.0/8, 192.0.2.7",
  },
  {
    name: "CLIENT_ADDRESS_HEADER",
    property: "clientAddressHeader",
    fallback: "x-forwarded-for",
    good: [
      ["x-forwarded-for", "x-forwarded-for"],
      ["forwarded", "forwarded"],
    ],
    bad: ["X-Real-IP", "x-real-ip"],
    allowed: "one of x-forwarded-for, forwarded",
  },
  {
    name: "OTEL_TRACES_EXPORTER",
    property: "tracing",
    fallback: undefined,
    // test/unit/telemetry/tracing-settings.test.ts has the other tests.
    good: [],
    bad: ["zipkin"],
    allowed: "one of otlp, none",
  },
  {
    name: "CORS_ORIGINS",
    property: "corsOrigins",
    fallback: undefined,
    good: [
      ["*", "*"],
      ["https://app.example.com", ["https://app.example.com"]],
      ["http://localhost:3000, https://a.example", ["http://localhost:3000", "https://a.example"]],
    ],
    bad: [
      ...["app.example.com", "https://app.example.com/", "https://app.example.com/path", "null"],
      ...["https://*.example.com/", "ftp://a.example", "https://a.example,", "https://A.example"],
      ...["https://a.example:443", "*,https://a.example", "https://u:p@a.example"],
    ],
    allowed: "* or origins such as https://app.example.com, separated by commas",
  },
  {
    name: "DOCS",
    property: "docs",
    fallback: true,
    good: [
      ["on", true],
      ["off", false],
    ],
    bad: ["ON", "true", "1", "no"],
    allowed: "on or off",
  },
  {
    name: "REFLECTION",
    property: "reflection",
    fallback: true,
    good: [
      ["on", true],
      ["off", false],
    ],
    bad: ["ON", "true", "1", "no"],
    allowed: "on or off",
  },
  {
    name: "METRICS",
    property: "metrics",
    fallback: true,
    good: [
      ["on", true],
      ["off", false],
    ],
    bad: ["ON", "true", "1", "on "],
    allowed: "on or off",
  },
  {
    name: "METRICS_PORT",
    property: "metricsPort",
    fallback: undefined,
    good: [
      ["0", 0],
      ["9464", 9_464],
      ["65535", 65_535],
    ],
    bad: [...notWhole, "65536"],
    allowed: "a whole number from 0 to 65535",
  },
  {
    name: "METRICS_APP_LABEL",
    property: "metricsAppLabel",
    fallback: false,
    good: [
      ["on", true],
      ["off", false],
    ],
    bad: ["yes"],
    allowed: "on or off",
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
