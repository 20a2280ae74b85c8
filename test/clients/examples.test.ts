import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createTestDatabase } from "../support/database.ts";
import { startBalancer } from "./support/balancer.ts";
import { missingPrograms, runScript } from "./support/example.ts";
import { startServices } from "./support/services.ts";

interface Example {
  /** Folder below `examples`. */
  readonly folder: string;
  /** Programs that it needs. */
  readonly needs: readonly string[];
  /** REST has no `google.rpc.BadRequest`. */
  readonly protocol?: "REST";
  /** The client can take both addresses, without a load balancer in between. */
  readonly takesTarget?: true;
}

const examples: readonly Example[] = [
  { folder: "curl", needs: ["curl", "jq"], protocol: "REST" },
  { folder: "javascript", needs: ["npm"], takesTarget: true },
];

const transcript = readFileSync(join(import.meta.dirname, "../../examples/transcript.txt"), "utf8");

const resources = new AsyncDisposableStack();
let services: Awaited<ReturnType<typeof startServices>>;
let url: string;

beforeAll(async () => {
  const database = await createTestDatabase();
  resources.defer(() => database.drop());
  services = resources.use(await startServices(database.url));
  const balancer = resources.use(await startBalancer(services.ports));
  url = `http://127.0.0.1:${balancer.port}`;
});

afterAll(() => resources.disposeAsync());

const rows = examples.flatMap((example) => [
  { ...example, way: "a load balancer", target: () => undefined },
  ...(example.takesTarget
    ? [{ ...example, way: "round_robin", target: () => addressesOf(services.ports) }]
    : []),
]);

test.for(rows)("$folder over $way", async ({ folder, needs, protocol, target }, { skip }) => {
  const missing = missingPrograms(needs);
  skip(missing.length > 0, `not on this machine: ${missing.join(", ")}`);
  await runDuringRestarts(folder, protocol, target());
});

function addressesOf(ports: readonly number[]): string {
  return `ipv4:${ports.map((port) => `127.0.0.1:${port}`).join(",")}`;
}

/**
 * Runs an example, and restarts both services while it calls. Runs it again, for longer, if it ended
 * before the restarts did.
 */
async function runDuringRestarts(
  folder: string,
  protocol: Example["protocol"],
  target: string | undefined,
): Promise<void> {
  for (let seconds = 5; ; seconds *= 2) {
    let restarts: Promise<void> | undefined;
    let restarted = false;
    const run = await runScript(`examples/${folder}/run.sh`, {
      env: {
        KITH_URL: url,
        SERVER_KEY: services.serverKey,
        CALL_SECONDS: String(seconds),
        ...(target !== undefined && { KITH_TARGET: target }),
      },
      onLine(line) {
        if (line !== "calling") return;
        restarts = services.restartInTurn().then(() => {
          restarted = true;
        });
      },
    });
    const wasCovered = restarted;
    await restarts;
    expect(run.stdout, run.stderr).toBe(expectedOf(protocol));
    expect(run.exitCode, run.stderr).toBe(0);
    if (wasCovered) return;
  }
}

function expectedOf(protocol: Example["protocol"]): string {
  return protocol === "REST" ? transcript.replace(/^bad request: .*\n/m, "") : transcript;
}
