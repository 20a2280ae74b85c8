import { join } from "node:path";
import { defineConfig } from "vitest/config";

export default defineConfig({
  root: join(import.meta.dirname, "../.."),
  test: {
    include: ["test/clients/**/*.test.ts"],
    globalSetup: ["test/support/postgres.ts"],
    reporters: ["verbose"],
    // The first build of an example downloads its packages.
    testTimeout: 1_200_000,
    hookTimeout: 120_000,
    fileParallelism: false,
  },
});
