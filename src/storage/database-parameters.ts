/** Any text. */
const any = /^/;
const wholeNumber = /^\d{1,9}$/;
const tlsVersion = /^TLSv1\.[23]$/;

const oneOf = (...values: string[]) => new RegExp(`^(${values.join("|")})$`);

/** The parameters that a connection URL may have, with the values that are allowed. */
const allowed: Readonly<Record<string, RegExp>> = {
  ...{ host: any, port: /^\d{0,5}(,\d{0,5})*$/, user: any, password: any, dbname: any },
  ...{ application_name: any, fallback_application_name: any, options: any, passfile: any },
  ...{ sslcert: any, sslkey: any, sslpassword: any, sslrootcert: any },
  ...{ ssl_min_protocol_version: tlsVersion, ssl_max_protocol_version: tlsVersion },
  ...{ connect_timeout: wholeNumber, keepalives: oneOf("0", "1"), keepalives_idle: wholeNumber },
  sslmode: oneOf("disable", "prefer", "require", "verify-ca", "verify-full"),
  ssl: oneOf("true", "1"),
  sslnegotiation: oneOf("postgres", "direct"),
  channel_binding: oneOf("disable", "prefer", "require"),
  target_session_attrs: oneOf(
    ...["any", "read-write", "read-only", "primary", "standby", "prefer-standby"],
  ),
  load_balance_hosts: oneOf("disable", "random"),
  // These values are what the driver does.
  gssencmode: oneOf("disable", "prefer"),
  sslcompression: oneOf("0"),
  sslsni: oneOf("1"),
  uselibpqcompat: oneOf("true"),
};

/** Parameters of the driver that would replace Kith's own settings. */
const ownSettings = new Set([
  ...["statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"],
  ...["query_timeout", "connectionTimeoutMillis", "keepAlive", "keepAliveInitialDelayMillis"],
  ...["binary", "client_encoding", "encoding", "replication"],
]);

const schemaNames = new Set(["schema", "currentSchema", "search_path"]);

/** Parameters of libpq that Kith does not support. Other unknown names can be part of a secret. */
const unsupported = new Set([
  ...["service", "servicefile", "hostaddr", "requirepeer", "require_auth", "requiressl"],
  ...["sslcrl", "sslcrldir", "sslcertmode", "sslkeylogfile", "krbsrvname", "gsslib"],
  ...["gssdelegation", "keepalives_interval", "keepalives_count", "tcp_user_timeout"],
  ...["min_protocol_version", "max_protocol_version", "oauth_issuer", "oauth_client_id"],
]);

/** @returns how the parameter breaks the rules, for the message; never its value */
export function checkParameter(name: string, value: string): string | undefined {
  if (ownSettings.has(name)) return `without ${name}, which Kith sets itself`;
  if (schemaNames.has(name)) return `without ${name}; use DATABASE_SCHEMA`;
  if (unsupported.has(name)) return `without ${name}, which Kith does not support`;
  const rule = Object.hasOwn(allowed, name) ? allowed[name] : undefined;
  if (rule === undefined) {
    return `with no parameters but ${Object.keys(allowed).join(", ")}`;
  }
  if (rule.test(value)) return undefined;
  const values = /^\^\((.*)\)\$$/.exec(rule.source)?.[1]?.replaceAll("|", ", ");
  return values === undefined ? `with a valid ${name}` : `with ${name} one of: ${values}`;
}
