import { afterAll, beforeAll, describe } from "vitest";
import type { TestDatabase } from "../../support/database.ts";
import { createTestDatabase } from "../../support/database.ts";
import { hostileDefaults } from "../../support/hostile-defaults.ts";

type Defaults = Readonly<Record<string, string>>;

/**
 * Describes tests twice: on a database with the usual defaults, and on one that has defaults on which the
 * service must not depend.
 *
 * @param others further defaults, by the name that the tests show
 * @param tests gets a function that returns the URL of the database while tests run
 */
export function describeDatabases(
  others: Readonly<Record<string, Defaults>>,
  tests: (url: () => string) => void,
): void {
  const all: Readonly<Record<string, Defaults>> = {
    "the usual defaults": {},
    "hostile defaults": hostileDefaults,
    ...others,
  };
  describe.each(Object.entries(all))("on a database with %s", (_, defaults) => {
    let database: TestDatabase;
    beforeAll(async () => {
      database = await createTestDatabase({ defaults });
    });
    afterAll(() => database.drop());
    tests(() => database.url);
  });
}
