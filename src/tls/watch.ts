import { readFile } from "node:fs/promises";
import type { Logger } from "pino";
import { expiryProblem } from "./expiry.ts";
import type { TlsContents, TlsFiles, TlsMaterial } from "./files.ts";
import { parseTlsFiles } from "./files.ts";

export interface TlsWatchOptions {
  readonly files: TlsFiles;
  /** The contents that are in use. */
  readonly contents: TlsContents;
  readonly certificate: TlsMaterial["certificate"];
  /** Time between two looks at the files, in milliseconds. */
  readonly pollMs: number;
  /** Uses other files from now on. */
  readonly apply: (material: TlsMaterial) => void;
  readonly logger: Logger;
}

export interface TlsWatch {
  stop(): void;
}

/**
 * Reads the files again and again, and applies them when they have changed. Reading them does not depend
 * on how they are replaced: in place, by a new file, or by a link to another directory, as Kubernetes does.
 *
 * Certificate and key may be replaced one after the other, so a problem is logged only when it is still
 * there at the next look. Until then, and until it is repaired, the old files stay in use.
 */
export function watchTlsFiles(options: TlsWatchOptions): TlsWatch {
  const { files, apply, logger } = options;
  let { contents, certificate } = options;
  let reported: string | undefined;
  let lastProblem: string | undefined;
  let lastExpiry: string | undefined;

  async function look(): Promise<void> {
    try {
      const found = await readAll(files);
      if (!isSame(found, contents)) {
        const material = parseTlsFiles(found);
        apply(material);
        ({ certificate } = material);
        contents = found;
        logger.info({ validTo: certificate.validToDate }, "the TLS certificate was replaced");
      }
      lastProblem = undefined;
      reported = undefined;
    } catch (error) {
      reportProblem((error as Error).message);
    }
    reportExpiry();
  }

  function reportProblem(problem: string): void {
    if (problem === lastProblem && problem !== reported) {
      logger.error({ problem }, "the new TLS files cannot be used; the old ones stay in use");
      reported = problem;
    }
    lastProblem = problem;
  }

  function reportExpiry(): void {
    const problem = expiryProblem(certificate);
    if (problem !== undefined && problem !== lastExpiry) {
      logger.warn({ validTo: certificate.validToDate }, `the TLS certificate ${problem}`);
    }
    lastExpiry = problem;
  }

  reportExpiry();
  let isLooking = false;
  const timer = setInterval(() => {
    if (isLooking) return;
    isLooking = true;
    void look().finally(() => {
      isLooking = false;
    });
  }, options.pollMs);
  timer.unref();
  return { stop: () => clearInterval(timer) };
}

async function readAll({ certFile, keyFile, clientCaFile }: TlsFiles): Promise<TlsContents> {
  const [cert, key, clientCa] = await Promise.all([
    readFile(certFile),
    readFile(keyFile),
    clientCaFile === undefined ? undefined : readFile(clientCaFile),
  ]);
  return { cert, key, clientCa };
}

function isSame(a: TlsContents, b: TlsContents): boolean {
  const ca = Buffer.alloc(0);
  return (
    a.cert.equals(b.cert) && a.key.equals(b.key) && (a.clientCa ?? ca).equals(b.clientCa ?? ca)
  );
}
