import { readFileSync } from "node:fs";
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { describeInBrowser, openPage } from "./support/browser.ts";
import { restPath } from "./support/calls.ts";
import { serveForFile } from "./support/served.ts";
import { describeServedPage } from "./support/served-page.ts";

const served = serveForFile();

describeServedPage(served, {
  path: "/docs",
  files: ["swagger-ui-bundle.js", "swagger-ui.css", "page.js", "page.css"],
  variable: "DOCS",
});

describeInBrowser((browser) => {
  test("the page shows every call, without an error or a request to elsewhere", async () => {
    const { page, problems, origins } = await openPage(browser());
    await page.goto(`${served.url}/docs`);
    const document = JSON.parse(readFileSync("docs/openapi.json", "utf8"));
    for (const path of Object.keys(document.paths)) {
      await page.locator(`.opblock-summary-path[data-path="${path}"]`).waitFor();
    }
    const block = await openCall(page, restPath);
    await block.getByText("The call succeeded.").waitFor();
    await block.getByText("Param 'contacts' cannot be empty").first().waitFor();
    expect(problems).toEqual([]);
    expect([...origins]).toEqual([served.url]);
  });

  test("a call can be tried with a Server-Key, which the page forgets", async () => {
    const { page, problems, origins } = await openPage(browser());
    await page.goto(`${served.url}/docs`);
    await authorize(page, served.header);
    const block = await openCall(page, restPath);
    await block.getByRole("button", { name: "Try it out" }).click();
    const contacts = [{ ownerXCUserID: "browser", contactXCUserID: "bob" }];
    await block.locator("textarea").fill(JSON.stringify({ contacts }));
    await block.getByRole("button", { name: "Execute" }).click();
    const live = block.locator(".live-responses-table");
    await live.getByText('"countInserted"').waitFor();
    expect(await live.locator("tbody .response-col_status").first().innerText()).toMatch(/^200/);
    expect(await countContacts("browser")).toBe(1);

    expect(problems).toEqual([]);
    expect([...origins]).toEqual([served.url]);
    const stored = await page.evaluate(() => [localStorage.length, sessionStorage.length]);
    expect(stored).toEqual([0, 0]);
    expect(await page.context().cookies()).toEqual([]);
    await page.reload();
    await page.locator(".authorize.unlocked").first().waitFor();
  });

  test("an error of a call is shown", async () => {
    const { page } = await openPage(browser());
    await page.goto(`${served.url}/docs`);
    const block = await openCall(page, restPath);
    await block.getByRole("button", { name: "Try it out" }).click();
    await block.getByRole("button", { name: "Execute" }).click();
    await block.locator(".live-responses-table").getByText('"40001"').waitFor();
  });
});

async function openCall(page: Page, path: string) {
  const block = page.locator(".opblock", {
    has: page.locator(`.opblock-summary-path[data-path="${path}"]`),
  });
  await block.locator(".opblock-summary-control").click();
  return block;
}

async function authorize(page: Page, key: string): Promise<void> {
  await page.locator(".btn.authorize").click();
  const dialog = page.locator(".dialog-ux");
  await dialog.locator("input").fill(key);
  await dialog.locator(".btn.authorize").click();
  await dialog.locator(".btn-done").click();
}

async function countContacts(xcUserID: string): Promise<number> {
  const response = await fetch(`${served.url}/v1/server/contact/count`, {
    method: "POST",
    headers: { "Server-Key": served.header, "Content-Type": "application/json" },
    body: JSON.stringify({ xcUserID }),
  });
  const { data } = (await response.json()) as { data: { contactCount: number } };
  return data.contactCount;
}
