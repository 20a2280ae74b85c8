import { expect, test } from "vitest";
import type { ScriptName } from "../../../bench/limit/scripts.ts";
import { loadScripts } from "../../../bench/limit/scripts.ts";

const names: readonly ScriptName[] = ["four-contacts", "thousand-contacts", "page", "check"];

test.each(names)(
  "pgbench gets the scripts %s without parameters that it cannot set",
  async (name) => {
    const { sources, constants } = await loadScripts(name);

    expect(sources.length).toBeGreaterThan(0);
    for (const source of sources) {
      expect(source).not.toMatch(/\$\d/);
      const set = [...source.matchAll(/\\set (\w+)/g)].map(([, variable]) => variable);
      const used = [...source.matchAll(/(?<!:):(\w+)/g)].map(([, variable]) => variable);
      expect([...set, ...Object.keys(constants)]).toEqual(expect.arrayContaining(used));
    }
  },
);
