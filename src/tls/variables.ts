import type { Environment } from "../environment.ts";
import type { TlsFiles } from "./files.ts";
import { parseTlsFiles, readTlsFiles, TlsFilesError } from "./files.ts";

/**
 * Finds the files that the variables name, and checks them. Returns undefined if no variable is set, or if
 * there are faults.
 *
 * @param faults receives a line for each variable that is not valid
 */
export function findTlsFiles(env: Environment, faults: string[]): TlsFiles | undefined {
  const certFile = env.TLS_CERT_FILE || undefined;
  const keyFile = env.TLS_KEY_FILE || undefined;
  const clientCaFile = env.TLS_CLIENT_CA_FILE || undefined;
  if (!certFile && !keyFile && !clientCaFile) return undefined;
  if (!certFile) faults.push("TLS_CERT_FILE must be set, because another TLS file is set");
  if (!keyFile) faults.push("TLS_KEY_FILE must be set, because another TLS file is set");
  if (!certFile || !keyFile) return undefined;

  const files = { certFile, keyFile, clientCaFile };
  try {
    parseTlsFiles(readTlsFiles(files));
    return files;
  } catch (error) {
    if (!(error instanceof TlsFilesError)) throw error;
    faults.push(...error.faults);
    return undefined;
  }
}
