import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { startArguments } from "../support/start-arguments.ts";

const dockerfile = readFileSync("docker/Dockerfile", "utf8");

test("the image starts the service as npm start does", () => {
  const command = /^CMD (.*)$/m.exec(dockerfile)?.[1] ?? "";
  expect(JSON.parse(command)).toEqual(["node", ...startArguments]);
});

test("the image fills its compile cache with the options of npm start, and its build stops on a failure", () => {
  expect(dockerfile).toMatch(/^RUN DATABASE_URL=\S+ npm start -- --check-config$/m);
});
