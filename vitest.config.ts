import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    globalSetup: ["test/support/postgres.ts"],
    // Real servers, sockets and databases: slow machines need the room, no test depends on it.
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
