import type { Command } from "commander";
import { Option } from "commander";
import type { RateLimit } from "../access/rate-limit.ts";
import { rateLimitOf } from "../access/rate-limit.ts";
import { CommandError, contactCount, findApp } from "./arguments.ts";
import { withStores } from "./database.ts";
import { print } from "./output.ts";

interface LimitOptions {
  readonly contactsPerSecond?: number;
  readonly burst?: number;
  readonly default?: boolean;
  readonly json?: boolean;
}

/** Adds `apps limit` to the commands of apps. */
export function addLimitCommand(apps: Command): void {
  apps
    .command("limit")
    .description(
      "limit how many contacts the calls of an app may have; effective within 10 seconds",
    )
    .argument("<name>", "the app")
    .option("--contacts-per-second <number>", "for each process of the service", contactCount)
    .option("--burst <number>", "most contacts at once; absent: those of one second", contactCount)
    .addOption(
      new Option(
        "--default",
        "remove the limit of the app: RATE_LIMIT_CONTACTS_PER_SECOND is valid for it again",
      ).conflicts(["contactsPerSecond", "burst"]),
    )
    .option("--json", "print one JSON object")
    .action((name: string, options: LimitOptions) =>
      withStores(async (stores) => {
        const limit = limitOf(options);
        const app = await findApp(stores.keys, name);
        await stores.apps.setRateLimit(app.id, limit);
        print(options.json, { name, ...describeLimit(limit) }, `app ${name}: ${textOf(limit)}`);
      }),
    );
}

/** The fields of a limit, for JSON and tables. */
export function describeLimit(limit: RateLimit | null) {
  return { contactsPerSecond: limit?.contactsPerSecond ?? null, burst: limit?.burst ?? null };
}

/** @throws CommandError */
function limitOf({ contactsPerSecond, burst, default: isDefault }: LimitOptions): RateLimit | null {
  if (isDefault) return null;
  if (contactsPerSecond === undefined) {
    throw new CommandError("give --contacts-per-second, or --default to remove the limit");
  }
  return rateLimitOf(contactsPerSecond, burst);
}

function textOf(limit: RateLimit | null): string {
  return limit === null
    ? "no limit of its own"
    : `${limit.contactsPerSecond} contacts per second, ${limit.burst} at once`;
}
