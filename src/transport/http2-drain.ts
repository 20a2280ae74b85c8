import type { ServerHttp2Session } from "node:http2";
import type { Socket } from "node:net";
import { TLSSocket } from "node:tls";

/**
 * A GOAWAY frame with the largest identifier of a stream. It asks the client to open no more streams, and
 * rejects none (RFC 9113, section 6.8). Node's `session.goaway` cannot send it: after that method, Node
 * ignores each stream that the client has opened meanwhile.
 */
const shutdownNotice = Buffer.from("0000080700000000007fffffff00000000", "hex");

/** How long a client may take to confirm that it opens no more streams, in milliseconds. */
const maxConfirmMs = 2_000;

/**
 * Closes a connection without losing a request. Streams that the client has opened before it received the
 * shutdown notice arrive before its response to the ping. So the GOAWAY that `close` sends rejects none of
 * them. The connection is closed after the last response.
 *
 * Over TLS, only Node's session may write to the connection. There the GOAWAY names the last stream that the
 * service has seen. Clients may retry later ones, because the service has not processed them.
 *
 * @param socket the connection of the session; Node writes only whole frames to it, so that a frame can be
 *   written between them
 */
export function drainSession(session: ServerHttp2Session, socket: Socket): void {
  if (session.closed || session.destroyed) return;
  const close = () => {
    if (!session.closed) session.close();
  };
  if (socket instanceof TLSSocket) {
    close();
    return;
  }
  const timer = setTimeout(close, maxConfirmMs);
  session.once("close", () => clearTimeout(timer));
  const notify = () => {
    if (session.closed || !socket.writable) return;
    socket.write(shutdownNotice);
    session.ping(close);
  };
  // The first frame of a connection has to be SETTINGS.
  if (session.connecting || session.pendingSettingsAck) session.once("localSettings", notify);
  else notify();
}

/** Destroys a connection. If the session is closing, Node itself would wait until the client closes. */
export function destroySession(session: ServerHttp2Session, socket: Socket): void {
  session.destroy();
  socket.destroy();
}

/**
 * Destroys a connection on which the client no longer answers pings. After a GOAWAY of the client, Node does
 * not report errors of the protocol: it stops reading, and does not see that the client closes the connection.
 */
export function destroyWhenSilent(
  session: ServerHttp2Session,
  socket: Socket,
  silenceMs: number,
): void {
  let isAnswered = true;
  const timer = setInterval(() => {
    if (!isAnswered) return destroySession(session, socket);
    isAnswered = false;
    session.ping((error) => {
      isAnswered = error === null;
    });
  }, silenceMs);
  session.once("close", () => clearInterval(timer));
  socket.once("close", () => clearInterval(timer));
}
