import type { Target } from "../load/generator.ts";
import type { Processes } from "../support/processes.ts";

export interface TenantOptions {
  readonly name: string;
  /** Rate limit of the app. Absent: none. */
  readonly contactsPerSecond?: number;
}

/** Creates an app with a key on the database of a service. Returns the service, called with this key. */
export async function createTenant(
  options: TenantOptions & { readonly processes: Processes; readonly target: Target },
): Promise<Target & { readonly serverKey: string }> {
  const { processes, target, name, contactsPerSecond } = options;
  const run = (...args: string[]) =>
    processes.run({
      command: process.execPath,
      args: ["src/cli.ts", ...args],
      env: { DATABASE_URL: target.databaseUrl },
    });
  await run("apps", "create", name);
  if (contactsPerSecond !== undefined) {
    await run("apps", "limit", name, "--contacts-per-second", String(contactsPerSecond));
  }
  const { stdout } = await run("keys", "create", "--app", name, "--json");
  return { ...target, serverKey: JSON.parse(stdout).header };
}
