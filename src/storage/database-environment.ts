import type { Environment } from "../environment.ts";

/** Variables of libpq, with the parameter that each stands for. */
const variables = {
  PGHOST: "host",
  PGPORT: "port",
  PGUSER: "user",
  PGPASSWORD: "password",
  PGDATABASE: "dbname",
  PGPASSFILE: "passfile",
  PGAPPNAME: "application_name",
  PGOPTIONS: "options",
  PGSSLMODE: "sslmode",
  PGSSLNEGOTIATION: "sslnegotiation",
  PGSSLROOTCERT: "sslrootcert",
  PGSSLCERT: "sslcert",
  PGSSLKEY: "sslkey",
  PGSSLMINPROTOCOLVERSION: "ssl_min_protocol_version",
  PGSSLMAXPROTOCOLVERSION: "ssl_max_protocol_version",
  PGCHANNELBINDING: "channel_binding",
  PGCONNECT_TIMEOUT: "connect_timeout",
  PGTARGETSESSIONATTRS: "target_session_attrs",
  PGLOADBALANCEHOSTS: "load_balance_hosts",
} as const;

/** Variables that would change how libpq connects, and that Kith does not support. */
const unsupported = ["PGSERVICE", "PGHOSTADDR", "PGSSLCRL", "PGREQUIREAUTH"];

/** @returns how the variables break the rules, for the message */
export function checkEnvironment(env: Environment): string | undefined {
  const name = unsupported.find((variable) => env[variable]);
  return name && `used without ${name}, which Kith does not support`;
}

/**
 * Adds what the variables of libpq say to a connection URL. A parameter of the URL itself takes
 * precedence. The result contains the password, so it must not be shown.
 */
export function withEnvironment(url: string, env: Environment): string {
  const [, userInfo = "", hosts = "", database = "", query = ""] =
    /^\w+:\/\/(?:([^/?#]*)@)?([^/?#]*)(?:\/([^?#]*))?(?:\?(.*))?$/.exec(url) ?? [];
  const given = new Set(query.split("&").map((parameter) => parameter.split("=")[0]));
  if (given.has("ssl")) given.add("sslmode");
  if (hosts !== "") given.add("host");
  if (/:\d+(,|$)/.test(hosts)) given.add("port");
  if (userInfo !== "") given.add("user");
  if (userInfo.includes(":")) given.add("password");
  if (database !== "") given.add("dbname");
  const added = Object.entries(variables).flatMap(([variable, name]) => {
    const value = env[variable];
    if (value === undefined || value === "" || given.has(name)) return [];
    return `${name}=${encodeURIComponent(value)}`;
  });
  if (added.length === 0) return url;
  return `${url}${url.includes("?") ? "&" : "?"}${added.join("&")}`;
}
