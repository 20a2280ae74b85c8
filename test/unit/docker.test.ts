import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { startArguments } from "../support/start-arguments.ts";

test("the image starts the service as npm start does, which fills its compile cache", () => {
  const dockerfile = readFileSync("docker/Dockerfile", "utf8");
  const command = /^CMD (.*)$/m.exec(dockerfile)?.[1] ?? "";
  expect(JSON.parse(command)).toEqual(["node", ...startArguments]);
});
