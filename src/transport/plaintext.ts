import type { Socket } from "node:net";

/** How long a client may take to read the response, in milliseconds. */
const lastReadMs = 1_000;

const text = "This port serves TLS only. Use https.\n";
const response = [
  "HTTP/1.1 400 Bad Request",
  "Content-Type: text/plain",
  `Content-Length: ${text.length}`,
  "Connection: close",
  "",
  text,
].join("\r\n");

/** Responds to a client that does not use TLS on a port with TLS, and closes the connection. */
export function rejectPlaintext(socket: Socket): void {
  socket.on("error", () => socket.destroy());
  // A connection that is closed with unread bytes is reset, and the client loses the response.
  socket.resume();
  socket.end(response);
  const timer = setTimeout(() => socket.destroy(), lastReadMs);
  socket.once("close", () => clearTimeout(timer));
}
