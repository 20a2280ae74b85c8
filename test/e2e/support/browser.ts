import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { chromium } from "playwright-core";
import { afterAll, beforeAll, describe } from "vitest";
import { patienceMs } from "../../support/patience.ts";

const names = ["chromium", "chromium-browser", "google-chrome"];

/** The path of Chromium; undefined if it is not installed. */
export const chromiumPath = (process.env.PATH ?? "")
  .split(delimiter)
  .flatMap((directory) => names.map((name) => join(directory, name)))
  .find(isExecutable);

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** The text that a skipped test shows. */
export const chromiumMissing = "Chromium is not installed";

/** Starts Chromium. In a container, it cannot start with its own sandbox. */
export function startBrowser(): Promise<Browser> {
  const path = chromiumPath;
  if (path === undefined) throw new Error(chromiumMissing);
  return chromium.launch({ executablePath: path, args: ["--no-sandbox"] });
}

/** Describes tests that share a browser. They are skipped if there is none. */
export function describeInBrowser(tests: (browser: () => Browser) => void): void {
  const isMissing = chromiumPath === undefined;
  describe.skipIf(isMissing)(
    isMissing ? `in a browser: ${chromiumMissing}` : "in a browser",
    () => {
      let browser: Browser;
      beforeAll(async () => {
        browser = await startBrowser();
      });
      afterAll(() => browser.close());
      tests(() => browser);
    },
  );
}

export interface WatchedPage {
  readonly page: Page;
  /** What the console showed of warnings and errors, the violations of a content security policy included. */
  readonly problems: readonly string[];
  /** The origins that the page asked, besides those of `data:` and `blob:`. */
  readonly origins: ReadonlySet<string>;
}

/** Opens an empty page without any stored state, and watches it. */
export async function openPage(browser: Browser): Promise<WatchedPage> {
  const context = await browser.newContext();
  context.setDefaultTimeout(patienceMs);
  const page = await context.newPage();
  const problems: string[] = [];
  const origins = new Set<string>();
  page.on("console", (message) => {
    if (["warning", "error"].includes(message.type())) problems.push(message.text());
  });
  page.on("pageerror", (error) => problems.push(String(error)));
  page.on("requestfailed", (request) => problems.push(`failed: ${request.url()}`));
  page.on("request", (request) => {
    if (/^https?:/.test(request.url())) origins.add(new URL(request.url()).origin);
  });
  return { page, problems, origins };
}
