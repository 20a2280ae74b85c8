import { InvalidArgumentError } from "commander";
import type { App, KeyStore } from "../access/key-store.ts";
import { nameRule, parseName } from "../access/name.ts";
import { rateLimitRange } from "../access/rate-limit.ts";
import { parseDuration } from "./duration.ts";

/** A failure that the user can correct. They see only its message. */
export class CommandError extends Error {}

/** Parses the name of a new app or key. @throws InvalidArgumentError */
export function newName(text: string): string {
  const name = parseName(text);
  if (name === undefined) throw new InvalidArgumentError(`It must have ${nameRule}.`);
  return name;
}

/** Parses a duration to milliseconds. @throws InvalidArgumentError */
export function duration(text: string): number {
  const milliseconds = parseDuration(text);
  if (milliseconds === undefined) {
    throw new InvalidArgumentError("It must be a duration such as 90d, 12h or 30m.");
  }
  return milliseconds;
}

/** Parses a number of contacts of a rate limit. @throws InvalidArgumentError */
export function contactCount(text: string): number {
  const { least, most } = rateLimitRange;
  const value = Number(text);
  if (!/^\d{1,15}$/.test(text) || value < least || value > most) {
    throw new InvalidArgumentError(`It must be a whole number from ${least} to ${most}.`);
  }
  return value;
}

/** @throws CommandError if there is no app of this name */
export async function findApp(keys: Pick<KeyStore, "findApp">, name: string): Promise<App> {
  const app = await keys.findApp(name);
  if (app === undefined) throw new CommandError(`there is no app ${name}; see kith apps list`);
  return app;
}
