import { randomInt } from "node:crypto";

/** A script of pgbench, as far as those beside this file go. */
export interface Script {
  /** In their order, with `$1` and so on for variables. */
  readonly statements: readonly Statement[];
  /** A value for every variable, new each time. */
  draw(): ReadonlyMap<string, string>;
}

export interface Statement {
  readonly text: string;
  readonly variables: readonly string[];
}

const setLine = /^\\set (\w+) random\((\d+), (\d+)\)$/gm;
/** A colon and a name, but not a cast. */
const variable = /(?<!:):(\w+)/g;

export function parseScript(source: string): Script {
  const ranges = [...source.matchAll(setLine)].map(
    ([, name = "", from, to]) => [name, Number(from), Number(to)] as const,
  );
  const statements = source
    .replace(setLine, "")
    .split(";")
    .map((text) => text.trim())
    .filter((text) => text !== "")
    .map(parseStatement);
  return {
    statements,
    draw: () => new Map(ranges.map(([name, from, to]) => [name, String(randomInt(from, to + 1))])),
  };
}

function parseStatement(source: string): Statement {
  const variables: string[] = [];
  const text = source.replace(variable, (_, name: string) => {
    if (!variables.includes(name)) variables.push(name);
    return `$${variables.indexOf(name) + 1}`;
  });
  return { text, variables };
}
