/** Environment variables, by name. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Parses the text of a variable, or returns the allowed values. */
export type Parse<T> = (text: string) => T | Rejected;

export interface Rejected {
  /** Completes the sentence "NAME must be ...". */
  readonly allowed: string;
}

/** Reads a variable. An absent, empty or invalid variable has the value `fallback`. */
export type ReadVariable = <T, D>(name: string, parse: Parse<T>, fallback: D) => T | D;

/** @param faults receives a line for each variable that is not valid */
export function createVariableReader(env: Environment, faults: string[]): ReadVariable {
  return (name, parse, fallback) => {
    const text = env[name];
    if (text === undefined || text === "") return fallback;
    const value = parse(text);
    if (!isRejected(value)) return value;
    faults.push(`${name} must be ${value.allowed}`);
    return fallback;
  };
}

function isRejected(value: unknown): value is Rejected {
  return typeof value === "object" && value !== null && "allowed" in value;
}

/** Leading zeros are allowed. */
export function wholeNumber(least: number, most: number): Parse<number> {
  return (text) => {
    const value = Number(text);
    const isAllowed = /^\d{1,15}$/.test(text) && value >= least && value <= most;
    return isAllowed ? value : { allowed: `a whole number from ${least} to ${most}` };
  };
}

/** A number from 0 to 1, in decimal notation. */
export function share(text: string): number | Rejected {
  const isShare = /^(\d|\d?\.\d{1,9})$/.test(text) && Number(text) <= 1;
  return isShare ? Number(text) : { allowed: "a number from 0 to 1" };
}

export function oneOf<T extends string>(words: readonly T[]): Parse<T> {
  return (text) => words.find((word) => word === text) ?? { allowed: `one of ${words.join(", ")}` };
}

/** A list of these words, separated by commas. */
export function listOf<T extends string>(words: readonly T[]): Parse<readonly T[]> {
  const word = oneOf(words);
  return (text) => {
    const list = text.split(",").map((item) => word(item.trim()));
    return list.some(isRejected)
      ? { allowed: `a list of ${words.join(", ")}` }
      : (list as readonly T[]);
  };
}

export function onOrOff(text: string): boolean | Rejected {
  return text === "on" || text === "off" ? text === "on" : { allowed: "on or off" };
}
