import type { Server } from "node:net";
import { setImmediate, setTimeout as sleep } from "node:timers/promises";

/** How long no client has opened a connection before the server is closed, in milliseconds. */
const quietMs = 50;
/** How often this wait begins again if clients keep opening connections. */
const maxPauses = 5;
/** The longest turn of the event loop after which the server is closed, in milliseconds. */
const shortTurnMs = 0.1;
const maxTurns = 200;

/**
 * Waits until no connection waits to be accepted: closing the server would reset it. A connection that is
 * opened between the last look and the close is lost, so both waits make that time short and a new
 * connection in it unlikely.
 */
export async function untilAllAccepted(server: Server): Promise<void> {
  let hasAccepted = true;
  const onConnection = () => {
    hasAccepted = true;
  };
  server.on("connection", onConnection);
  for (let pause = 0; hasAccepted && pause < maxPauses; pause += 1) {
    hasAccepted = false;
    await sleep(quietMs);
  }
  // Node looks for connections before it runs immediates.
  for (let turn = 0; turn < maxTurns; turn += 1) {
    hasAccepted = false;
    const from = performance.now();
    await setImmediate();
    if (!hasAccepted && performance.now() - from < shortTurnMs) break;
  }
  server.off("connection", onConnection);
}
