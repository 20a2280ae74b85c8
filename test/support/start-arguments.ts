import packageJson from "../../package.json" with { type: "json" };

/** The arguments that `npm start` passes to Node. With them, tests run the service as users do. */
export const startArguments: readonly string[] = packageJson.scripts.start
  .replace(/^exec node /, "")
  .split(" ");
