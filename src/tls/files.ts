import { createPrivateKey, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import type { SecureContextOptions } from "node:tls";
import { createSecureContext } from "node:tls";
import { tlsSettings } from "./settings.ts";

/** Paths of files in PEM. */
export interface TlsFiles {
  /** The certificate of the service, followed by its chain. */
  readonly certFile: string;
  readonly keyFile: string;
  /** The certificates that sign those of clients. If present, clients need a certificate. */
  readonly clientCaFile: string | undefined;
}

export interface TlsContents {
  readonly cert: Buffer;
  readonly key: Buffer;
  readonly clientCa: Buffer | undefined;
}

export interface TlsMaterial {
  readonly options: SecureContextOptions;
  readonly certificate: X509Certificate;
}

/** The message has a line for each file that cannot be used, with the name of its variable. */
export class TlsFilesError extends Error {
  readonly faults: readonly string[];

  constructor(faults: readonly string[]) {
    super(faults.join("\n"));
    this.name = "TlsFilesError";
    this.faults = faults;
  }
}

/** @throws TlsFilesError */
export function readTlsFiles({ certFile, keyFile, clientCaFile }: TlsFiles): TlsContents {
  const faults: string[] = [];

  function read(variable: string, path: string): Buffer {
    try {
      return readFileSync(path);
    } catch (error) {
      faults.push(`${variable} must be a file that Kith can read (${codeOf(error)})`);
      return Buffer.alloc(0);
    }
  }

  const contents = {
    cert: read("TLS_CERT_FILE", certFile),
    key: read("TLS_KEY_FILE", keyFile),
    clientCa: clientCaFile === undefined ? undefined : read("TLS_CLIENT_CA_FILE", clientCaFile),
  };
  if (faults.length > 0) throw new TlsFilesError(faults);
  return contents;
}

/** @throws TlsFilesError if the files are not valid, or do not belong together */
export function parseTlsFiles({ cert, key, clientCa }: TlsContents): TlsMaterial {
  const faults: string[] = [];
  const [certificate] = certificatesIn(cert);
  const privateKey = attempt(() => createPrivateKey(key));
  if (certificate === undefined) {
    faults.push("TLS_CERT_FILE must contain a certificate in PEM, followed by its chain");
  }
  if (privateKey === undefined) {
    faults.push("TLS_KEY_FILE must contain a private key in PEM, without a passphrase");
  }
  if (clientCa !== undefined && certificatesIn(clientCa).length === 0) {
    faults.push("TLS_CLIENT_CA_FILE must contain certificates in PEM");
  }
  if (certificate && privateKey && !certificate.checkPrivateKey(privateKey)) {
    faults.push("TLS_KEY_FILE must contain the private key of the certificate in TLS_CERT_FILE");
  }
  if (certificate === undefined || faults.length > 0) throw new TlsFilesError(faults);

  const options = { ...tlsSettings, cert, key, ca: clientCa };
  try {
    createSecureContext(options);
  } catch (error) {
    throw new TlsFilesError([`TLS_CERT_FILE must be valid for TLS (${codeOf(error)})`]);
  }
  return { options, certificate };
}

const pemCertificate = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** The certificates of a file; none if one of them cannot be parsed. */
function certificatesIn(pem: Buffer): X509Certificate[] {
  const blocks = pem.toString("latin1").match(pemCertificate) ?? [];
  return attempt(() => blocks.map((block) => new X509Certificate(block))) ?? [];
}

function attempt<T>(action: () => T): T | undefined {
  try {
    return action();
  } catch {
    return undefined;
  }
}

function codeOf(error: unknown): string {
  return String((error as NodeJS.ErrnoException).code ?? error);
}
