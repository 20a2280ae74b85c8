import type { ServerKey } from "./access/server-key.ts";
import { maxKeyIdLength, splitServerKey } from "./access/server-key.ts";
import { checkEnvironment, withEnvironment } from "./storage/database-environment.ts";
import { checkDatabaseUrl } from "./storage/database-url.ts";
import type { LogLevel } from "./telemetry/logger.ts";
import { logLevels } from "./telemetry/logger.ts";

/** The configuration of the service. The README lists each property with its variable. */
export interface Config {
  readonly host: string;
  readonly port: number;
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
  readonly requestTimeoutMs: number;
  readonly keepAliveTimeoutMs: number;
  readonly drainDelayMs: number;
  readonly shutdownTimeoutMs: number;
  readonly logLevel: LogLevel;
  /** The commit that the image was built from. Absent: it is not known. */
  readonly buildCommit: string | undefined;
}

/** Lists every invalid variable on a separate line, with its name and its allowed values. */
export class ConfigError extends Error {
  constructor(faults: readonly string[]) {
    super(`Invalid configuration:\n${faults.map((text) => `  ${text}`).join("\n")}`);
    this.name = "ConfigError";
  }
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Parses the text of a variable, or returns the allowed values. */
type Parse<T> = (text: string) => T | Rejected;
type Rejected = { readonly allowed: string };

/**
 * Reads the configuration from environment variables. An empty variable counts as absent.
 *
 * @throws ConfigError
 */
export function parseConfig(env: Environment): Config {
  const faults: string[] = [];

  function read<T, D>(name: string, parse: Parse<T>, fallback: D): T | D {
    const text = env[name];
    if (text === undefined || text === "") return fallback;
    const value = parse(text);
    if (!isRejected(value)) return value;
    faults.push(`${name} must be ${value.allowed}`);
    return fallback;
  }

  const connect = (text: string) => postgresUrl(text, env);
  const config: Config = {
    host: read("HOST", (text) => text, "127.0.0.1"),
    port: read("PORT", wholeNumber(0, 65_535), 8080),
    databaseUrl: read("DATABASE_URL", connect, undefined),
    databaseReadUrl: read("DATABASE_READ_URL", connect, undefined),
    databaseReadMaxLagMs: read("DATABASE_READ_MAX_LAG_MS", wholeNumber(100, 3_600_000), 5_000),
    databaseSchema: read("DATABASE_SCHEMA", schemaName, undefined),
    databasePoolSize: read("DATABASE_POOL_SIZE", wholeNumber(1, 1_000), 10),
    databasePrepare: read("DATABASE_PREPARE", oneOf(["on", "off"]), "on") === "on",
    migrates: read("MIGRATE", oneOf(["on", "off"]), "on") === "on",
    dataDir: read("DATA_DIR", (text) => text, ".data"),
    bootstrapServerKey: read("BOOTSTRAP_SERVER_KEY", serverKey, undefined),
    maxContactsPerRequest: read("MAX_CONTACTS_PER_REQUEST", wholeNumber(1, 10_000), 10_000),
    maxBodyBytes: read("MAX_BODY_BYTES", wholeNumber(1_024, 1_073_741_824), 8_388_608),
    requestTimeoutMs: read("REQUEST_TIMEOUT_MS", wholeNumber(1, 3_600_000), 10_000),
    keepAliveTimeoutMs: read("KEEP_ALIVE_TIMEOUT_MS", wholeNumber(1, 3_600_000), 75_000),
    drainDelayMs: read("DRAIN_DELAY_MS", wholeNumber(0, 3_600_000), 0),
    shutdownTimeoutMs: read("SHUTDOWN_TIMEOUT_MS", wholeNumber(0, 3_600_000), 10_000),
    logLevel: read("LOG_LEVEL", oneOf(logLevels), "info"),
    buildCommit: read("BUILD_COMMIT", commit, undefined),
  };
  if (env.NODE_ENV === "production" && !env.DATABASE_URL) {
    faults.push(
      "DATABASE_URL must be set when NODE_ENV is production: the embedded Postgres is for development and tests",
    );
  }
  if (faults.length > 0) throw new ConfigError(faults);
  return Object.freeze(config);
}

function isRejected(value: unknown): value is Rejected {
  return typeof value === "object" && value !== null && "allowed" in value;
}

function wholeNumber(least: number, most: number): Parse<number> {
  return (text) => {
    const value = Number(text);
    const isAllowed = /^\d{1,15}$/.test(text) && value >= least && value <= most;
    return isAllowed ? value : { allowed: `a whole number from ${least} to ${most}` };
  };
}

function oneOf<T extends string>(allowed: readonly T[]): Parse<T> {
  return (text) =>
    allowed.find((value) => value === text) ?? { allowed: `one of ${allowed.join(", ")}` };
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
