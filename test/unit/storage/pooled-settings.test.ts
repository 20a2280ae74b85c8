import { expect, test } from "vitest";
import { createPooledSettings } from "../../../src/storage/pooled-settings.ts";

test.each([
  { hasCitus: false, plan: "force_generic_plan", other: "force_custom_plan" },
  { hasCitus: true, plan: "force_custom_plan", other: "force_generic_plan" },
])("transactions do not look for Citus again: hasCitus is $hasCitus", ({ hasCitus, ...plans }) => {
  const options = { timeoutMs: 1_000, applicationName: "kith", hasCitus };
  const { settingsText, settings } = createPooledSettings(options);
  for (const text of [settingsText, settings.text]) {
    expect(text).not.toContain("pg_dist_partition");
    expect(text).toContain(plans.plan);
    expect(text).not.toContain(plans.other);
    expect(text.includes("citus.")).toBe(hasCitus);
  }
});
