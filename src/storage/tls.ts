import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import type { ConnectionOptions } from "node:tls";
import { checkServerIdentity, getCACertificates } from "node:tls";

/** A configuration of TLS that libpq rejects too. Its message says what to change. */
export class TlsError extends Error {
  readonly code = "ERR_TLS_CONFIGURATION";
}

type Parameters = ReadonlyMap<string, string>;

export type SslMode = "disable" | "prefer" | "require" | "verify-ca" | "verify-full";

/** The mode of the URL. As in libpq it is `prefer` by default. */
export function sslModeOf(parameters: Parameters): SslMode {
  const usesSystem = parameters.get("sslrootcert") === "system";
  const fallback = parameters.has("ssl") ? "require" : usesSystem ? "verify-full" : "prefer";
  return (parameters.get("sslmode") as SslMode | undefined) ?? fallback;
}

/**
 * The options of TLS, with the meaning that the parameters have in libpq.
 *
 * @returns false: without TLS
 * @throws TlsError; an error of the file system, if a certificate cannot be read
 */
export function tlsOptions(parameters: Parameters, host: string): ConnectionOptions | false {
  const mode = sslModeOf(parameters);
  if (mode === "disable" || host.startsWith("/")) return false;
  const ca = readRoots(parameters, mode);
  const verifies = mode.startsWith("verify-") || (mode === "require" && ca !== undefined);
  return {
    rejectUnauthorized: verifies,
    ...(ca === undefined ? {} : { ca }),
    checkServerIdentity: (_, certificate) =>
      mode === "verify-full" ? checkServerIdentity(host, certificate) : undefined,
    ...readOwn(parameters),
    ...version("minVersion", parameters.get("ssl_min_protocol_version")),
    ...version("maxVersion", parameters.get("ssl_max_protocol_version")),
  };
}

/** Without a file of its own, `prefer` and `require` check no certificate, and the others cannot be used. */
function readRoots(parameters: Parameters, mode: SslMode): string | string[] | undefined {
  const given = parameters.get("sslrootcert");
  if (given === "system") {
    if (mode !== "verify-full") throw new TlsError("sslrootcert=system needs sslmode=verify-full");
    return getCACertificates("system");
  }
  if (mode === "prefer") return undefined;
  const path = given ?? `${homedir()}/.postgresql/root.crt`;
  if (existsSync(path) || (given !== undefined && mode !== "require")) {
    return readFileSync(path, "utf8");
  }
  if (mode === "require") return undefined;
  throw new TlsError(`sslmode=${mode} needs sslrootcert: a file, or system for the system's roots`);
}

function readOwn(parameters: Parameters): ConnectionOptions {
  const cert = parameters.get("sslcert");
  const key = parameters.get("sslkey");
  const passphrase = parameters.get("sslpassword");
  return {
    ...(cert === undefined ? {} : { cert: readFileSync(cert, "utf8") }),
    ...(key === undefined ? {} : { key: readFileSync(key, "utf8") }),
    ...(passphrase === undefined ? {} : { passphrase }),
  };
}

function version(name: "minVersion" | "maxVersion", value: string | undefined): ConnectionOptions {
  return value === undefined ? {} : { [name]: value };
}
