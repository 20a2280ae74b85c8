import { describe, expect, test } from "vitest";
import { withAdmin } from "../support/database.ts";
import type { TestService } from "../support/service.ts";
import { eventually } from "./support/eventually.ts";
import { serveForFile } from "./support/served.ts";
import { wireTransports } from "./support/wire-transports.ts";

// Each interceptor must have an effect on each transport. If one of them is removed, these tests fail.

describe("the deadline ends a call that still waits for its body", () => {
  const served = serveForFile({ REQUEST_TIMEOUT_MS: "500" });

  test.concurrent.each(wireTransports)("over $name", async ({ send, protocol }) => {
    const { port, header } = served;
    const { code } = await send({ port, header, hasBody: false });
    expect(code).toBe(protocol === "rest" ? "50400" : "DEADLINE_EXCEEDED");
  });
});

describe("the Server-Key is checked before the body is read", () => {
  const served = serveForFile();

  test.concurrent.each(wireTransports)("over $name", async ({ send, protocol }) => {
    const { code, text } = await send({ port: served.port, hasBody: false });
    expect(code).toBe(protocol === "rest" ? "40001" : "UNAUTHENTICATED");
    expect(text).toContain("Request headers are required (Server-Key)");
  });
});

describe("the response to a bug does not contain its cause", () => {
  const served = serveForFile();

  test.each(wireTransports)("over $name", async ({ send, protocol }) => {
    const { port, header, service } = served;
    expect((await send({ port, header })).code).toBe("OK");

    const logged = service.logs.length;
    const { code, text } = await withoutTable(service, () => send({ port, header }));
    expect(code).toBe(protocol === "rest" ? "50000" : "INTERNAL");
    expect(decodeURIComponent(text)).toContain("Internal error");
    expect(text).not.toMatch(/relation|does not exist|42P01/);
    const logs = () => JSON.stringify(service.logs.slice(logged));
    await eventually("the log has the cause", () => logs().includes("does not exist"));
  });
});

/** Runs a function while the statements of the service fail with an error that no code expects. */
async function withoutTable<T>({ databaseUrl }: TestService, run: () => Promise<T>): Promise<T> {
  const query = (text: string) => withAdmin(databaseUrl, (admin) => admin.query(text));
  await query("ALTER TABLE contact RENAME TO hidden");
  try {
    return await run();
  } finally {
    await query("ALTER TABLE hidden RENAME TO contact");
  }
}
