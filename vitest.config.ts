import { availableParallelism } from "node:os";
import type { TestProjectInlineConfiguration } from "vitest/config";
import { defineConfig } from "vitest/config";
import { findCitus } from "./test/support/citus-cluster.ts";
import { pgbouncerVersion } from "./test/support/pgbouncer.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** Which part of the contract's matrix of cases and protocols this run covers. */
    matrix: "sample" | "rest";
  }
}

type ProjectConfig = NonNullable<TestProjectInlineConfiguration["test"]>;

/** A project whose tests need the Postgres of the run. */
function withPostgres(test: ProjectConfig): TestProjectInlineConfiguration {
  return { extends: true, test: { ...test, globalSetup: ["test/support/postgres.ts"] } };
}

const onCitus = ["test/storage/contact-store/**/*.test.ts", "test/contract/**/*.test.ts"];

/** These look at the locks, the triggers, the isolation or the standby of one server. */
const notOnCitus = [
  "test/storage/contact-store/{connections,failures,lock-order,retries}.test.ts",
  "test/storage/contact-store/{standby-away,time-budget,two-stores}.test.ts",
];

const onCitusPooler = [
  "test/storage/contact-store/{counts,deadlines,model,reads,replace}.test.ts",
  "test/contract/{sync,matrix-calls}.test.ts",
];
const hasCitusPooler = findCitus() !== undefined && pgbouncerVersion() !== undefined;

export default defineConfig({
  test: {
    // Some tests wait, for Postgres or for a timeout, so more workers than cores pay off. Each worker of a project
    // loads the service, which takes two seconds of CPU.
    maxWorkers: Math.max(7, availableParallelism()),
    // The files of a worker share its modules: no module keeps state, and to load the service takes a second.
    isolate: false,
    // Tests that only wait for a timeout are concurrent.
    maxConcurrency: 20,
    // These limits only end a test that hangs.
    testTimeout: 600_000,
    hookTimeout: 600_000,
    teardownTimeout: 120_000,
    coverage: {
      provider: "v8",
      include: ["src/**/*.ts"],
      exclude: ["src/gen/**"],
      reporter: ["text-summary", "html"],
    },
    projects: [
      {
        extends: true,
        test: { name: "unit", include: ["test/unit/**/*.test.ts"] },
      },
      withPostgres({
        name: "storage",
        include: ["test/storage/**/*.test.ts"],
        exclude: ["test/storage/citus*.test.ts"],
      }),
      // The same tests on databases with defaults that the service must not depend on.
      withPostgres({
        name: "hostile",
        include: [
          "test/storage/**/*.test.ts",
          "test/contract/{keys,calls-keys}.test.ts",
          "test/e2e/keys.test.ts",
        ],
        exclude: ["test/storage/citus*.test.ts"],
        provide: { matrix: "sample" },
        env: { TEST_DATABASE_DEFAULTS: "hostile" },
      }),
      // The same tests of the stores and the calls through PgBouncer in transaction mode.
      {
        extends: true,
        test: {
          name: "pooler",
          include: ["test/storage/contact-store/**/*.test.ts", "test/contract/**/*.test.ts"],
          provide: { matrix: "sample" },
          globalSetup: ["test/support/postgres.ts", "test/support/pooler.ts"],
        },
      },
      // The same tests of the stores and the calls on a coordinator and two workers of Citus.
      {
        extends: true,
        test: {
          name: "citus",
          include: ["test/storage/citus*.test.ts", ...(findCitus() === undefined ? [] : onCitus)],
          exclude: notOnCitus,
          provide: { matrix: "sample" },
          // The server is not the one of the other projects, and may be older.
          env: { TEST_DATABASE_URL: "citus" },
          globalSetup: ["test/support/citus.ts"],
          maxWorkers: 2,
          // Projects with other numbers of workers need an order of their own if one run has both.
          sequence: { groupOrder: 1 },
        },
      },
      // Some of them through PgBouncer too.
      {
        extends: true,
        test: {
          name: "citus-pooler",
          include: hasCitusPooler ? onCitusPooler : [],
          provide: { matrix: "sample" },
          env: { TEST_DATABASE_URL: "citus" },
          globalSetup: ["test/support/citus.ts", "test/support/pooler.ts"],
          maxWorkers: 2,
          sequence: { groupOrder: 2 },
        },
      },
      withPostgres({ name: "e2e", include: ["test/e2e/**/*.test.ts"] }),
      withPostgres({ name: "histories", include: ["test/histories/**/*.test.ts"] }),
      withPostgres({
        name: "contract",
        include: ["test/contract/**/*.test.ts"],
        provide: { matrix: "sample" },
      }),
      withPostgres({
        name: "matrix",
        include: ["test/contract/**/matrix-*.test.ts"],
        provide: { matrix: "rest" },
      }),
    ],
  },
});
