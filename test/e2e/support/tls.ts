import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import type { ClientHttp2Session } from "node:http2";
import { connect as connectHttp2 } from "node:http2";
import type { AgentOptions } from "node:https";
import { Agent, request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TLSSocket } from "node:tls";
import { connect } from "node:tls";
import type { Certificate } from "../../support/certificates.ts";
import { makeCertificate } from "../../support/certificates.ts";

export interface TlsFolder extends Disposable {
  readonly path: string;
  readonly authority: Certificate;
  /** The variables that name the files of the folder. */
  readonly env: Record<string, string>;
  readonly certificate: Certificate;
  write(name: string, text: string): void;
}

/** A folder with a certificate for the service, in files that a test can replace. */
export function makeTlsFolder(): TlsFolder {
  const path = mkdtempSync(join(tmpdir(), "kith-tls-"));
  const authority = makeCertificate({ subject: "Test CA" });
  const certificate = makeCertificate({ subject: "first", issuer: authority });
  const write = (name: string, text: string) => writeFileSync(join(path, name), text);
  write("tls.crt", certificate.cert);
  write("tls.key", certificate.key);
  write("ca.crt", authority.cert);
  return {
    path,
    authority,
    certificate,
    env: { TLS_CERT_FILE: join(path, "tls.crt"), TLS_KEY_FILE: join(path, "tls.key") },
    write,
    [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }),
  };
}

/** The common name of the certificate that a new connection gets. */
export async function subjectAt(port: number, ca: string): Promise<string> {
  const socket = connect({ port, host: "127.0.0.1", ca });
  await once(socket, "secureConnect");
  const { subject } = socket.getPeerCertificate();
  socket.destroy();
  return String(subject.CN);
}

/** Opens an HTTP/2 connection whose failures end its requests, and nothing else. */
export async function openSecureHttp2(
  port: number,
  ca: string,
): Promise<ClientHttp2Session & Disposable> {
  const session = connectHttp2(`https://127.0.0.1:${port}`, { ca });
  session.on("error", () => {});
  await once(session, "connect");
  return Object.assign(session, { [Symbol.dispose]: () => session.destroy() });
}

export interface SecureResponse {
  readonly status: number | undefined;
  readonly body: string;
  readonly protocol: TLSSocket["alpnProtocol"];
}

/** Sends a GET over HTTP/1.1. */
export async function getOverHttp1(url: string, options: AgentOptions): Promise<SecureResponse> {
  const agent = new Agent(options);
  try {
    const [response] = await once(request(url, { agent }).end(), "response");
    const { alpnProtocol } = response.socket as TLSSocket;
    let body = "";
    for await (const chunk of response) body += chunk;
    return { status: response.statusCode, body, protocol: alpnProtocol };
  } finally {
    agent.destroy();
  }
}
