import { randomInt } from "node:crypto";

/** A pgbench script, with the features that the scripts of `scripts.ts` use. */
export interface Script {
  /** The statements in their order, with parameters such as `$1` for the variables. */
  readonly statements: readonly ScriptStatement[];
  /** Draws a value for every variable. Constants keep their value. */
  draw(): ReadonlyMap<string, string>;
}

interface ScriptStatement {
  /** The name of the prepared statement. */
  readonly name: string;
  readonly text: string;
  readonly variables: readonly string[];
}

const setLine = /^\\set (\w+) random\((\d+), (\d+)\)$/gm;
/** A colon and a name. Two colons are a cast. */
const variableName = /(?<!:):(\w+)/g;

export function parseScript(
  source: string,
  options: {
    /** Different for each script. */
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

function parseStatement(source: string, name: string): ScriptStatement {
  const variables: string[] = [];
  const text = source.replace(variableName, (_, variable: string) => {
    if (!variables.includes(variable)) variables.push(variable);
    return `$${variables.indexOf(variable) + 1}`;
  });
  return { name, text, variables };
}
