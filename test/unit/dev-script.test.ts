import { expect, test } from "vitest";
import packageJson from "../../package.json" with { type: "json" };

test("npm run dev runs the service with the options of npm start", () => {
  const { start, dev } = packageJson.scripts;
  expect(dev).toBe(start.replace(/^(exec )?node /, "$1node --watch "));
});
