import type { Variable } from "./variable.ts";
import { onAndOff } from "./variable.ts";

/** The variables of the pages and of reflection. */
export const pagesVariables: readonly Variable[] = [
  {
    name: "BUILD_COMMIT",
    property: "buildCommit",
    fallback: undefined,
    good: ["0123abc", "0123456789abcdef0123456789abcdef01234567", "a".repeat(64)].map(
      (commit) => [commit, commit] as const,
    ),
    bad: ["main", "0123ab", "0123ABC", "a".repeat(65), "0123abc "],
    allowed: "7 to 64 hexadecimal digits",
  },
  {
    name: "DOCS",
    property: "docs",
    fallback: true,
    good: onAndOff,
    bad: ["ON", "true", "1", "no"],
    allowed: "on or off",
  },
  {
    name: "REFLECTION",
    property: "reflection",
    fallback: true,
    good: onAndOff,
    bad: ["ON", "true", "1", "no"],
    allowed: "on or off",
  },
];
