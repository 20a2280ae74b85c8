import type { IncomingMessage, ServerResponse } from "node:http";

/**
 * Sends 100 Continue when the body is read for the first time: after the checks of key, size and type.
 * If the response comes before that, the client may or may not send the body, so an HTTP/1.1 connection
 * is closed after it.
 */
export function continueWhenRead(req: IncomingMessage, res: ServerResponse): void {
  const { shouldKeepAlive } = res;
  res.shouldKeepAlive = false;
  const onListener = (event: string | symbol) => {
    if (event !== "data" && event !== "readable") return;
    req.off("newListener", onListener);
    if (res.headersSent) return;
    res.shouldKeepAlive = shouldKeepAlive;
    res.writeContinue();
  };
  req.on("newListener", onListener);
}
