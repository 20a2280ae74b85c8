import { checkParameter } from "./database-parameters.ts";

/** A server of the URL. A host that begins with a slash is the directory of a Unix socket. */
export interface DatabaseAddress {
  readonly host: string;
  readonly port: number;
}

/** What a connection URL says. */
export interface DatabaseTarget {
  /** In the order in which they are tried, at least one. */
  readonly addresses: readonly DatabaseAddress[];
  readonly user: string | undefined;
  readonly password: string | undefined;
  readonly database: string | undefined;
  /** The other parameters, named as in libpq. */
  readonly parameters: ReadonlyMap<string, string>;
}

/** @returns what the URL must be instead */
export type ParseResult = DatabaseTarget | { readonly problem: string };

const shape = "a URL such as postgres://user:password@host:5432/database";
const urlShape = /^postgres(?:ql)?:\/\/(?=\S)([^/?#\s]*)(?:\/([^/?#@\s]*))?(?:\?([^#\s]*))?$/;
const defaultPort = "5432";

/**
 * Checks a connection URL.
 *
 * @returns what DATABASE_URL must be, where the URL cannot be used; never a part of the URL that can be
 *   a secret
 */
export function checkDatabaseUrl(text: string): string | undefined {
  const parsed = parseUrl(text);
  return "problem" in parsed ? parsed.problem : undefined;
}

/** @throws Error if `checkDatabaseUrl` rejects the URL */
export function parseDatabaseUrl(text: string): DatabaseTarget {
  const parsed = parseUrl(text);
  if ("problem" in parsed) throw new Error(`the connection URL must be ${parsed.problem}`);
  return parsed;
}

/** Parses as libpq does: several hosts, each with its port, and parameters that replace the parts before. */
function parseUrl(text: string): ParseResult {
  try {
    const [, authority = "", database = "", query = ""] = urlShape.exec(text) ?? fail();
    const parameters = new Map(query.split("&").filter(Boolean).map(parseParameter));
    for (const [name, value] of parameters) {
      const rule = checkParameter(name, value);
      if (rule !== undefined) return { problem: `${shape}, ${rule}` };
    }
    const at = authority.lastIndexOf("@");
    const [user = "", ...password] = authority.slice(0, Math.max(0, at)).split(":");
    const own = authority
      .slice(at + 1)
      .split(",")
      .map(splitHost);
    const take = (name: string, part: string) => {
      const value = parameters.get(name) ?? decodeURIComponent(part);
      parameters.delete(name);
      return value === "" ? undefined : value;
    };
    const hosts = take("host", own.map(([host]) => host).join(",")) ?? "localhost";
    const ports = take("port", own.map(([, port]) => port).join(",")) ?? defaultPort;
    return {
      addresses: combine(hosts.split(","), ports.split(",")),
      user: take("user", user),
      password: take("password", password.join(":")),
      database: take("dbname", database),
      parameters,
    };
  } catch {
    return { problem: shape };
  }
}

function fail(): never {
  throw new Error("not a URL");
}

function parseParameter(text: string): [string, string] {
  const [name = "", ...value] = text.split("=");
  // A plus sign is no blank in libpq, but is one in the driver and in most URL libraries.
  const decode = (part: string) => decodeURIComponent(part.replaceAll("+", " "));
  return [decode(name), decode(value.join("="))];
}

/** Splits `host:port` and `[address]:port`. */
function splitHost(text: string): [host: string, port: string] {
  const [, bracketed, host, port = ""] =
    /^(?:\[([^\]]*)\]|([^:[\]]*))(?::(\d*))?$/.exec(text) ?? fail();
  return [bracketed ?? host ?? "", port];
}

/** One port is that of all hosts. */
function combine(hosts: readonly string[], ports: readonly string[]): DatabaseAddress[] {
  if (ports.length !== 1 && ports.length !== hosts.length) fail();
  return hosts.map((host, n) => {
    const text = (ports.length === 1 ? ports[0] : ports[n]) || defaultPort;
    const port = Number(text);
    if (!/^\d{1,5}$/.test(text) || port < 1 || port > 65_535) fail();
    return { host: host || "localhost", port };
  });
}
