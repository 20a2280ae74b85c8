import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import { createServer } from "node:tls";
import type { Logger } from "pino";
import type { TlsFiles } from "./files.ts";
import { parseTlsFiles, readTlsFiles } from "./files.ts";
import { watchTlsFiles } from "./watch.ts";

export interface TlsAcceptorOptions {
  readonly files: TlsFiles;
  /** Time in which a client must complete the handshake, in milliseconds. */
  readonly handshakeMs: number;
  /** Time between two looks at the files, in milliseconds. */
  readonly pollMs: number;
  readonly logger: Logger;
}

export interface TlsAcceptor {
  /**
   * Does the handshake on a connection. If it fails, the connection is closed.
   *
   * @param onSecure called after the handshake; `alpnProtocol` is `h2`, `http/1.1`, or false
   */
  accept(socket: Socket, onSecure: (secured: TLSSocket) => void): void;
  /** Stops watching the files. */
  stop(): void;
}

/** The first byte of a connection with TLS. */
const handshakeByte = 0x16;

/** Whether the first bytes of a connection are those of TLS. */
export function isTls(firstBytes: Buffer): boolean {
  return firstBytes[0] === handshakeByte;
}

/**
 * Serves TLS with certificates that can be replaced while connections are open. A connection keeps the
 * certificate with which it began.
 *
 * @throws TlsFilesError
 */
export function createTlsAcceptor(options: TlsAcceptorOptions): TlsAcceptor {
  const { files, handshakeMs, logger } = options;
  const contents = readTlsFiles(files);
  const material = parseTlsFiles(contents);
  const needsClientCertificate = files.clientCaFile !== undefined;
  const callbacks = new Map<string, (secured: TLSSocket) => void>();

  const server = createServer({
    ...material.options,
    ALPNProtocols: ["h2", "http/1.1"],
    handshakeTimeout: handshakeMs,
    requestCert: needsClientCertificate,
    rejectUnauthorized: needsClientCertificate,
  });
  server.on("secureConnection", (secured) => {
    const onSecure = callbacks.get(addressOf(secured));
    if (onSecure === undefined) secured.destroy();
    else onSecure(secured);
  });
  server.on("tlsClientError", (err, { remoteAddress }) => {
    logger.debug({ err, remoteAddress }, "a TLS handshake failed");
  });
  const watch = watchTlsFiles({
    ...options,
    contents,
    certificate: material.certificate,
    apply: (next) => server.setSecureContext(next.options),
  });

  return {
    accept(socket, onSecure) {
      // A connection that the client has reset has no address any more.
      if (socket.remoteAddress === undefined) {
        socket.destroy();
        return;
      }
      const address = addressOf(socket);
      callbacks.set(address, onSecure);
      socket.once("close", () => {
        if (callbacks.get(address) === onSecure) callbacks.delete(address);
      });
      server.emit("connection", socket);
    },
    stop: watch.stop,
  };
}

/** Identifies a connection as long as it is open. Node does not say which socket a TLS socket wraps. */
function addressOf({ remoteAddress, remotePort, localAddress }: Socket): string {
  return `${remoteAddress} ${remotePort} ${localAddress}`;
}
