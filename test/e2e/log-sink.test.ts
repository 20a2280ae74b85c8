import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import type { TestDatabase } from "../support/database.ts";
import { createTestDatabase } from "../support/database.ts";
import { freePort } from "../support/free-port.ts";
import { startArguments } from "../support/start-arguments.ts";
import { eventually } from "./support/eventually.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

/** Outputs that lose lines or block, as redirections of bash. */
const outputs = [
  { name: "a full disk", redirection: "> /dev/full" },
  { name: "a pipe whose reader has ended", redirection: "> >(exec true)" },
  { name: "a pipe that nobody reads", redirection: "> >(exec sleep 3600)" },
  // Node connects a child by a socket.
  { name: "a socket that nobody reads", redirection: "" },
];

describe.each(outputs)("with $name as its output", ({ redirection }) => {
  test("the service serves, and ends on SIGTERM", async () => {
    const port = await freePort();
    const child = spawn(
      "bash",
      ["-c", `exec "$@" ${redirection}`, "bash", process.execPath, ...startArguments],
      {
        detached: true,
        env: { PATH: process.env.PATH, PORT: String(port), DATABASE_URL: database.url },
        stdio: ["ignore", "pipe", "ignore"],
      },
    );
    onTestFinished(() => endGroup(child));
    const get = (path: string) => fetch(`http://127.0.0.1:${port}${path}`);
    await eventually("the service is ready", async () => {
      const answer = await get("/readyz").catch(() => undefined);
      return answer?.ok === true;
    });

    // Each request with an unknown path is a log line, and all of them are more than a pipe holds.
    for (let n = 0; n < 2_000; n++) expect((await get("/unknown")).status).toBe(404);
    child.kill("SIGTERM");
    const [code] = await once(child, "exit");
    expect(code).toBe(0);
  });
});

/** Ends the processes that still run: the service if the test failed, and the reader of its output. */
function endGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // No process is left.
  }
}
