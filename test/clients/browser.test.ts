import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { serverKeyHeader } from "../../src/access/server-key.ts";
import { chromiumMissing, chromiumPath, openPage, startBrowser } from "../e2e/support/browser.ts";
import { startProcess } from "../e2e/support/process.ts";
import { createTestDatabase } from "../support/database.ts";
import { runScript } from "./support/example.ts";

const folder = join(import.meta.dirname, "../../examples/browser");
const build =
  "cd examples/browser && npm install --silent --no-package-lock && npm run --silent generate && npm run --silent build";
const key = { id: "browser", secret: "a-secret-for-examples" };

const name = chromiumPath === undefined ? `browser: ${chromiumMissing}` : "browser";
describe.skipIf(chromiumPath === undefined)(name, () => {
  const resources = new AsyncDisposableStack();
  let browser: Browser;
  let allowedPage: string;
  let otherPage: string;
  let kith: string;

  beforeAll(async () => {
    const built = await runScript(build, { env: {} });
    expect(built.exitCode, built.stderr).toBe(0);
    allowedPage = await servePage(resources);
    otherPage = await servePage(resources);
    const database = await createTestDatabase();
    resources.defer(() => database.drop());
    const service = resources.use(
      startProcess({
        DATABASE_URL: database.url,
        BOOTSTRAP_SERVER_KEY: `${key.id}:${key.secret}`,
        CORS_ORIGINS: allowedPage,
      }),
    );
    kith = await service.url();
    browser = await startBrowser();
    resources.defer(() => browser.close());
  }, 600_000);

  afterAll(() => resources.disposeAsync());

  async function call(url: string, protocol: string): Promise<string> {
    const { page } = await openPage(browser);
    await page.goto(url);
    await page.getByLabel("Address").fill(kith);
    await page.getByLabel("Server-Key").fill(serverKeyHeader(key));
    await page.getByLabel("Protocol").selectOption(protocol);
    await page.getByRole("button", { name: "Call" }).click();
    const output = page.locator("output", { hasText: /contacts|failed/ });
    return output.innerText();
  }

  describe.each(["connect", "grpc-web"])("%s", (protocol) => {
    test("a page of an origin in CORS_ORIGINS calls the service, and reads its errors", async () => {
      const output = await call(allowedPage, protocol);
      expect(output).toBe("contacts: example-bob; error: PARAM_EMPTY");
    });

    test("a page of another origin cannot", async () => {
      expect(await call(otherPage, protocol)).toMatch(/^failed: Unknown /);
    });
  });
});

/** Serves the page of the example on an origin of its own. */
async function servePage(resources: AsyncDisposableStack): Promise<string> {
  const files: Record<string, [path: string, type: string]> = {
    "/": ["index.html", "text/html"],
    "/dist/main.js": ["dist/main.js", "text/javascript"],
  };
  const server = createServer(async ({ url = "" }, res) => {
    const [path, type] = files[url] ?? ["index.html", "text/html"];
    res.setHeader("Content-Type", type).end(await readFile(join(folder, path)));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  resources.defer(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
