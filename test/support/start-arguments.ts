import packageJson from "../../package.json" with { type: "json" };

const [, ...args] = packageJson.scripts.start.split(" ");

/** What `npm start` gives to Node: tests run the service as its users do. */
export const startArguments: readonly string[] = args;
