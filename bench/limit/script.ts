import { randomInt } from "node:crypto";

/** A script of pgbench, as far as those of `scripts.ts` go. */
export interface Script {
  /** In their order, with `$1` and so on for variables. */
  readonly statements: readonly Statement[];
  /** A value for every variable, new each time but for constants. */
  draw(): ReadonlyMap<string, string>;
}

export interface Statement {
  /** That it is prepared under. */
  readonly name: string;
  readonly text: string;
  readonly variables: readonly string[];
}

const setLine = /^\\set (\w+) random\((\d+), (\d+)\)$/gm;
/** A colon and a name, but not a cast. */
const variableName = /(?<!:):(\w+)/g;

export function parseScript(
  source: string,
  options: {
    /** Unlike that of any other script. */
    readonly name: string;
    readonly constants: Readonly<Record<string, string>>;
  },
): Script {
  const ranges = [...source.matchAll(setLine)].map(
    ([, name = "", from, to]) => [name, Number(from), Number(to)] as const,
  );
  const statements = source
    .replace(setLine, "")
    .split(";")
    .map((text) => text.trim())
    .filter((text) => text !== "")
    .map((text, n) => parseStatement(text, `${options.name}-${n}`));
  return {
    statements,
    draw: () =>
      new Map([
        ...Object.entries(options.constants),
        ...ranges.map(([name, from, to]) => [name, String(randomInt(from, to + 1))] as const),
      ]),
  };
}

function parseStatement(source: string, name: string): Statement {
  const variables: string[] = [];
  const text = source.replace(variableName, (_, variable: string) => {
    if (!variables.includes(variable)) variables.push(variable);
    return `$${variables.indexOf(variable) + 1}`;
  });
  return { name, text, variables };
}
