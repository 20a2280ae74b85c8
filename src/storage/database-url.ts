/** Parameters of the URL that the driver reads and that change no setting of Kith's own. */
const honoured = [
  ...["host", "port", "user", "password", "application_name", "fallback_application_name"],
  ...["options", "ssl", "sslmode", "sslcert", "sslkey", "sslrootcert", "sslnegotiation"],
  "uselibpqcompat",
];

/** Parameters of libpq that the driver ignores and that URLs of hosting providers have. */
const ignored = [
  ...["connect_timeout", "channel_binding", "target_session_attrs", "gssencmode", "sslsni"],
  ...["keepalives", "keepalives_idle", "keepalives_interval", "keepalives_count"],
  "tcp_user_timeout",
];

const known = new Set([...honoured, ...ignored]);

/** Parameters that the driver would take in place of Kith's own settings. */
const ownSettings = new Set([
  ...["statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"],
  ...["query_timeout", "connectionTimeoutMillis", "keepAlive", "keepAliveInitialDelayMillis"],
  ...["binary", "client_encoding", "encoding", "replication"],
]);

const schemaNames = new Set(["schema", "currentSchema", "search_path"]);

const shape = "a URL such as postgres://user:password@host:5432/database";

/**
 * Checks a connection URL.
 *
 * @returns what DATABASE_URL must be, if the URL cannot be used. The text has no part of the URL that can
 *   be a secret
 */
export function checkDatabaseUrl(text: string): string | undefined {
  const url = /^postgres(ql)?:\/\/\S+$/.test(text) ? parseUrl(text) : undefined;
  if (url === undefined) return shape;
  for (const name of url.searchParams.keys()) {
    if (ownSettings.has(name)) return `${shape}, without ${name}, which Kith sets itself`;
    if (schemaNames.has(name)) return `${shape}, without ${name}; use DATABASE_SCHEMA`;
    if (!known.has(name)) return `${shape}, with no parameters but ${honoured.join(", ")}`;
  }
  const port = url.searchParams.get("port");
  if (port !== null && !/^\d{1,5}$/.test(port)) return `${shape}, with a port that is a number`;
  return undefined;
}

/** Parses as the driver does. Undefined if the driver would throw. */
function parseUrl(text: string): URL | undefined {
  try {
    // The driver accepts an empty host, as in `postgres://user@/database?host=/run/postgresql`.
    const url = new URL(URL.canParse(text) ? text : text.replace("@/", "@host/"));
    for (const part of [url.username, url.password, url.hostname]) decodeURIComponent(part);
    decodeURI(url.pathname);
    // A fragment, or a path that goes on, is a password with a # or a / that is not encoded.
    return url.hash === "" && /^\/?[^/@]*$/.test(url.pathname) ? url : undefined;
  } catch {
    return undefined;
  }
}
