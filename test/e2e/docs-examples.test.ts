import { describe, expect, test } from "vitest";
import { serveContract } from "../contract/for-file.ts";
import { documentedCalls } from "../support/docs/calls.ts";
import { examplesOf, readPage, sectionOf } from "../support/docs/page.ts";
import { runExamples } from "../support/docs/run-examples.ts";

const served = serveContract();

/** What every page begins with. */
const beforeEveryPage = examplesOf(readPage("docs/calls/README.md"));

describe.each(documentedCalls.map((call) => [call.page, call] as const))(
  "%s",
  (path, { method, route }) => {
    const examples = examplesOf(readPage(path));

    test("shows the call over REST and over gRPC", () => {
      const commands = examples.map(({ command }) => command);
      const curl = new RegExp(`^curl .*${route} `);
      expect(commands).toContainEqual(expect.stringMatching(curl));
      const grpcurl = new RegExp(`^grpcurl [^]* ${method}$`);
      expect(commands).toContainEqual(expect.stringMatching(grpcurl));
    });

    test("the examples give the answers that it shows", async () => {
      const { url } = served.service;
      const app = await served.service.createApp();
      await runExamples([...beforeEveryPage, ...examples], { url, app });
    });
  },
);

test("the first calls of the README give the answers that it shows", async () => {
  const { url } = served.service;
  const examples = examplesOf(sectionOf(readPage("README.md"), "Call"));
  await runExamples(examples, { url, app: await served.service.createApp() });
});
