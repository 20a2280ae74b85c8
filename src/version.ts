import packageJson from "../package.json" with { type: "json" };

/** The version of Kith, as in `0.1.0`. */
export const { version } = packageJson;
