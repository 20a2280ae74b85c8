import { expect, test } from "vitest";
import { startServiceForTest } from "../support/service.ts";
import { describeInBrowser, openPage } from "./support/browser.ts";
import { entry, syncOverRest } from "./support/calls.ts";
import { eventually } from "./support/eventually.ts";
import { serveForFile } from "./support/served.ts";
import { describeServedPage } from "./support/served-page.ts";

const served = serveForFile();
const scripts = ["page.js", "charts.js", "format.js", "reading.js", "samples.js", "uplot.js"];

describeServedPage(served, {
  path: "/status",
  files: [...scripts, "page.css", "uplot.css"],
  variable: "METRICS",
});

describeInBrowser((browser) => {
  test("a page that is open shows calls as they are made", async () => {
    const { page, problems, origins } = await openPage(browser());
    await page.goto(`${served.url}/status`);
    await page.getByRole("status").getByText("Ready").waitFor();
    await page.getByText("No calls yet").waitFor();
    await syncOverRest(served, [entry("status", "b")]);

    const row = page.getByRole("row", { name: "SyncContacts" });
    await row.waitFor();
    const cells = await row.getByRole("cell").allInnerTexts();
    expect(cells.slice(-2)).toEqual(["1", "0"]);
    await page.getByText("No calls yet").waitFor({ state: "hidden" });
    expect(await page.getByRole("img").count()).toBe(8);
    expect(await page.getByRole("img", { name: "Memory. Resident: " }).count()).toBe(1);
    expect(problems).toEqual([]);
    expect([...origins]).toEqual([served.url]);
  });

  test("a service on a port of its own shows the same page there", async () => {
    const service = await startServiceForTest({ METRICS_PORT: "0" });
    const { page, problems } = await openPage(browser());
    await page.goto(`${service.monitoringUrl}/status`);
    await page.getByRole("status").getByText("Ready").waitFor();
    expect(problems).toEqual([]);
  });

  test("the page says so when the service does not respond any more", async () => {
    const service = await startServiceForTest();
    const { page } = await openPage(browser());
    await page.goto(`${service.url}/status`);
    await page.getByRole("status").getByText("Ready").waitFor();
    await page.route("**/metrics", (route) => route.abort());
    await page.getByRole("status").getByText("Not responding").waitFor();
    await page.unroute("**/metrics");
    await page.getByRole("status").getByText("Ready").waitFor();
  });

  test("the page says so when the database is unreachable", async () => {
    const { page } = await openPage(browser());
    await page.route("**/metrics", async (route) => {
      const response = await route.fetch();
      const text = await response.text();
      const body = text
        .replace('{state="ready"} 1', '{state="ready"} 0')
        .replace('{state="unreachable"} 0', '{state="unreachable"} 1');
      await route.fulfill({ response, body });
    });
    await page.goto(`${served.url}/status`);
    await page.getByRole("status").getByText("Database unreachable").waitFor();
  });

  test.each([
    { size: "a phone", width: 360, height: 740, columns: 1 },
    { size: "a desktop", width: 1_280, height: 900, columns: 2 },
  ])("it fits $size", async ({ width, height, columns }) => {
    const { page } = await openPage(browser());
    await page.setViewportSize({ width, height });
    await page.goto(`${served.url}/status`);
    await page.getByRole("img").first().waitFor();
    const scrollWidth = () => page.locator("html").evaluate((html) => html.scrollWidth);
    await eventually("no scroll bar", async () => (await scrollWidth()) <= width);
    const boxes = await Promise.all(
      (await page.getByRole("img").all()).map((chart) => chart.boundingBox()),
    );
    expect(new Set(boxes.map((box) => box?.x)).size).toBe(columns);
  });

  test("it follows the color scheme of the system", async () => {
    const { page } = await openPage(browser());
    await page.goto(`${served.url}/status`);
    const background = () => page.evaluate("getComputedStyle(document.body).backgroundColor");
    await page.emulateMedia({ colorScheme: "light" });
    expect(await background()).toBe("rgb(244, 245, 247)");
    await page.emulateMedia({ colorScheme: "dark" });
    expect(await background()).toBe("rgb(15, 18, 22)");
  });
});
