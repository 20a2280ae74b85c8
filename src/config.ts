import type { BlockList } from "node:net";
import type { RateLimit } from "./access/rate-limit.ts";
import { rateLimitOf, rateLimitRange } from "./access/rate-limit.ts";
import type { ServerKey } from "./access/server-key.ts";
import { maxKeyIdLength, splitServerKey } from "./access/server-key.ts";
import type { Environment, Rejected } from "./environment.ts";
import { createVariableReader, oneOf, onOrOff, share, wholeNumber } from "./environment.ts";
import { checkEnvironment, withEnvironment } from "./storage/database-environment.ts";
import { checkDatabaseUrl } from "./storage/database-url.ts";
import { clientAddressHeaders, parseNetworks } from "./telemetry/client-address.ts";
import type { LogFormat, LogLevel } from "./telemetry/logger.ts";
import { isPrettyInstalled, logFormats, logLevels } from "./telemetry/logger.ts";
import type { TracingSettings } from "./telemetry/tracing/settings.ts";
import { findTracingSettings } from "./telemetry/tracing/settings.ts";
import type { TlsFiles } from "./tls/files.ts";
import { findTlsFiles } from "./tls/variables.ts";

/** The configuration of the service. The README lists each property with its variable, in this order. */
export interface Config {
  readonly host: string;
  readonly port: number;
  /** If absent, the port serves plaintext. */
  readonly tls: TlsFiles | undefined;
  /** The origins whose pages may call the service. Absent: none. */
  readonly corsOrigins: "*" | readonly string[] | undefined;
  /** If absent, the address of a client is that of its connection. */
  readonly trustedProxies: BlockList | undefined;
  readonly clientAddressHeader: (typeof clientAddressHeaders)[number];
  /** If absent, the service uses the embedded Postgres in `dataDir`. */
  readonly databaseUrl: string | undefined;
  /** A replica for reads that may be stale. */
  readonly databaseReadUrl: string | undefined;
  /** How far behind the replica may be, in milliseconds. */
  readonly databaseReadMaxLagMs: number;
  /** If absent, the service uses the first schema of the search path. */
  readonly databaseSchema: string | undefined;
  readonly databasePoolSize: number;
  /** False for a pooler that cannot prepare statements, such as PgBouncer before 1.21. */
  readonly databasePrepare: boolean;
  /** False: a start only checks that the database is migrated. */
  readonly migrates: boolean;
  readonly dataDir: string;
  readonly bootstrapServerKey: ServerKey | undefined;
  readonly maxContactsPerRequest: number;
  readonly maxBodyBytes: number;
  /** The rate limit of apps that have none of their own. If absent, they have none. */
  readonly rateLimit: RateLimit | undefined;
  readonly requestTimeoutMs: number;
  readonly keepAliveTimeoutMs: number;
  readonly drainDelayMs: number;
  readonly shutdownTimeoutMs: number;
  readonly logLevel: LogLevel;
  /** Absent: the format depends on whether standard output is a terminal. */
  readonly logFormat: LogFormat | undefined;
  /** Whether calls that succeed in time are logged. */
  readonly accessLog: boolean;
  /** The share of these calls that are logged, from 0 to 1. */
  readonly accessLogSample: number;
  /** If absent, calls are not traced. */
  readonly tracing: TracingSettings | undefined;
  /** Whether `/metrics` and `/status` are served. */
  readonly metrics: boolean;
  /** The port of `/metrics` and `/status`. Absent: that of the service. */
  readonly metricsPort: number | undefined;
  /** Whether the durations of calls have the name of the app as a label. */
  readonly metricsAppLabel: boolean;
  /** The commit that the image was built from. Absent: it is not known. */
  readonly buildCommit: string | undefined;
  /** Whether to serve `/docs`. */
  readonly docs: boolean;
  /** Whether to serve server reflection. */
  readonly reflection: boolean;
}

/** Lists every invalid variable on a separate line, with its name and its allowed values. */
export class ConfigError extends Error {
  constructor(faults: readonly string[]) {
    super(`Invalid configuration:\n${faults.map((text) => `  ${text}`).join("\n")}`);
    this.name = "ConfigError";
  }
}

/**
 * Reads the configuration from environment variables. An empty variable counts as absent.
 *
 * @throws ConfigError
 */
export function parseConfig(env: Environment): Config {
  const faults: string[] = [];
  const read = createVariableReader(env, faults);
  const connect = (text: string) => postgresUrl(text, env);
  const config: Config = {
    host: read("HOST", (text) => text, "127.0.0.1"),
    port: read("PORT", wholeNumber(0, 65_535), 8080),
    tls: findTlsFiles(env, faults),
    corsOrigins: read("CORS_ORIGINS", origins, undefined),
    trustedProxies: read("TRUST_PROXY", networks, undefined),
    clientAddressHeader: read(
      "CLIENT_ADDRESS_HEADER",
      oneOf(clientAddressHeaders),
      "x-forwarded-for",
    ),
    databaseUrl: read("DATABASE_URL", connect, undefined),
    databaseReadUrl: read("DATABASE_READ_URL", connect, undefined),
    databaseReadMaxLagMs: read("DATABASE_READ_MAX_LAG_MS", wholeNumber(100, 3_600_000), 5_000),
    databaseSchema: read("DATABASE_SCHEMA", schemaName, undefined),
    databasePoolSize: read("DATABASE_POOL_SIZE", wholeNumber(1, 1_000), 10),
    databasePrepare: read("DATABASE_PREPARE", onOrOff, true),
    migrates: read("MIGRATE", onOrOff, true),
    dataDir: read("DATA_DIR", (text) => text, ".data"),
    bootstrapServerKey: read("BOOTSTRAP_SERVER_KEY", serverKey, undefined),
    maxContactsPerRequest: read("MAX_CONTACTS_PER_REQUEST", wholeNumber(1, 10_000), 10_000),
    maxBodyBytes: read("MAX_BODY_BYTES", wholeNumber(1_024, 1_073_741_824), 8_388_608),
    rateLimit: read("RATE_LIMIT_CONTACTS_PER_SECOND", rateLimit, undefined),
    requestTimeoutMs: read("REQUEST_TIMEOUT_MS", wholeNumber(1, 3_600_000), 10_000),
    keepAliveTimeoutMs: read("KEEP_ALIVE_TIMEOUT_MS", wholeNumber(1, 3_600_000), 75_000),
    drainDelayMs: read("DRAIN_DELAY_MS", wholeNumber(0, 3_600_000), 0),
    shutdownTimeoutMs: read("SHUTDOWN_TIMEOUT_MS", wholeNumber(0, 3_600_000), 10_000),
    logLevel: read("LOG_LEVEL", oneOf(logLevels), "info"),
    logFormat: read("LOG_FORMAT", logFormat, undefined),
    accessLog: read("ACCESS_LOG", onOrOff, false),
    accessLogSample: read("ACCESS_LOG_SAMPLE", share, 1),
    tracing: findTracingSettings(env, faults),
    metrics: read("METRICS", onOrOff, true),
    metricsPort: read("METRICS_PORT", wholeNumber(0, 65_535), undefined),
    metricsAppLabel: read("METRICS_APP_LABEL", onOrOff, false),
    buildCommit: read("BUILD_COMMIT", commit, undefined),
    docs: read("DOCS", onOrOff, env.NODE_ENV !== "production"),
    reflection: read("REFLECTION", onOrOff, true),
  };
  if (env.NODE_ENV === "production" && !env.DATABASE_URL) {
    faults.push(
      "DATABASE_URL must be set when NODE_ENV is production: the embedded Postgres is for development and tests",
    );
  }
  if (config.metricsPort === config.port && config.port !== 0) {
    faults.push("METRICS_PORT must not be PORT: leave it out to use the port of the service");
  }
  if (faults.length > 0) throw new ConfigError(faults);
  return Object.freeze(config);
}

function origins(text: string): "*" | readonly string[] | Rejected {
  if (text === "*") return "*";
  const list = text.split(",").map((origin) => origin.trim());
  return list.every(isOrigin)
    ? list
    : { allowed: "* or origins such as https://app.example.com, separated by commas" };
}

function isOrigin(text: string): boolean {
  return /^https?:/.test(text) && URL.canParse(text) && new URL(text).origin === text;
}

function rateLimit(text: string): RateLimit | Rejected {
  const { least, most } = rateLimitRange;
  const value = wholeNumber(least, most)(text);
  return typeof value === "number" ? rateLimitOf(value) : value;
}

function logFormat(text: string): LogFormat | Rejected {
  if (text === "pretty" && !isPrettyInstalled()) {
    return { allowed: "json, because the npm package pino-pretty is not installed" };
  }
  return oneOf(logFormats)(text);
}

function networks(text: string): BlockList | Rejected {
  return (
    parseNetworks(text) ?? {
      allowed: "a list of IP addresses and networks, such as 10.0.0.0/8, 192.0.2.7",
    }
  );
}

function commit(text: string): string | Rejected {
  return /^[0-9a-f]{7,64}$/.test(text) ? text : { allowed: "7 to 64 hexadecimal digits" };
}

/** The variables of libpq add to the URL what it does not say itself. */
function postgresUrl(text: string, env: Environment): string | Rejected {
  const url = withEnvironment(text, env);
  const allowed = checkDatabaseUrl(text) ?? checkEnvironment(env) ?? checkDatabaseUrl(url);
  return allowed === undefined ? url : { allowed };
}

function schemaName(text: string): string | Rejected {
  return /^(?!pg_)[A-Za-z_][A-Za-z0-9_-]{0,62}$/.test(text)
    ? text
    : { allowed: "1 to 63 letters, digits, _ and -, not beginning with a digit or pg_" };
}

/** Blanks, quotes and invisible characters come from mistakes in shells and environment files. */
const suspicious = /[\s\p{C}"'`\p{Pi}\p{Pf}]/u;

function serverKey(text: string): ServerKey | Rejected {
  const key = splitServerKey(text);
  return key !== undefined && key.id.length <= maxKeyIdLength && !suspicious.test(text)
    ? key
    : {
        allowed:
          "KEY_ID:KEY_SECRET, both not empty, without blanks, line breaks, quotes and control characters, " +
          `the id of at most ${maxKeyIdLength} characters`,
      };
}
