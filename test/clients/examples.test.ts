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
  /** Programs that the example needs. */
  readonly needs: readonly string[];
  /** Prefixes of the transcript lines that the example does not print. */
  readonly without?: readonly string[];
  /** The client accepts both addresses, without a load balancer. */
  readonly takesTarget?: true;
  /** The protocols of the client. The example runs once with each. */
  readonly protocols?: readonly string[];
}

const examples: readonly Example[] = [
  { folder: "curl", needs: ["curl", "jq"], without: ["bad request"] },
  { folder: "go-connect", needs: ["buf", "go"] },
  { folder: "go-grpc", needs: ["buf", "go"] },
  { folder: "java", needs: ["java", "mvn"] },
  { folder: "javascript", needs: ["npm"], takesTarget: true },
  { folder: "python", needs: ["python3"], takesTarget: true },
  { folder: "php-rest", needs: ["php"], without: ["bad request", "cancellation"] },
  { folder: "python-rest", needs: ["python3"], without: ["bad request", "cancellation"] },
  { folder: "ruby", needs: ["ruby", "grpc_tools_ruby_protoc"] },
  { folder: "rust", needs: ["cargo"] },
  { folder: "typescript-rest", needs: ["npm"], without: ["bad request"] },
  {
    folder: "typescript",
    needs: ["npm"],
    protocols: ["connect", "grpc", "connect-web", "grpc-web"],
  },
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

interface Row extends Example {
  /** The protocol or address through which the example reaches the services. */
  readonly over: string;
  /** The environment of the example. It is known after the services have started. */
  readonly env: () => Record<string, string>;
}

const rows = examples.flatMap((example): Row[] => [
  ...(example.protocols ?? [undefined]).map((protocol) => ({
    ...example,
    over: protocol ?? "a load balancer",
    env: (): Record<string, string> => (protocol === undefined ? {} : { KITH_PROTOCOL: protocol }),
  })),
  ...(example.takesTarget
    ? [{ ...example, over: "round_robin", env: () => ({ KITH_TARGET: bothAddresses() }) }]
    : []),
]);

test.for(rows)("$folder over $over", async ({ folder, needs, without, env }, { skip }) => {
  const missing = missingPrograms(needs);
  skip(missing.length > 0, `not installed: ${missing.join(", ")}`);
  await runDuringRestarts(folder, expectedOf(without), env());
});

function bothAddresses(): string {
  return `ipv4:${services.ports.map((port) => `127.0.0.1:${port}`).join(",")}`;
}

/**
 * Runs an example, and restarts both services while it sends calls. If it ends before the restarts do,
 * runs it again for a longer time.
 */
async function runDuringRestarts(
  folder: string,
  expected: string,
  env: Readonly<Record<string, string>>,
): Promise<void> {
  for (let seconds = 5; ; seconds *= 2) {
    let restarts: Promise<void> | undefined;
    let restarted = false;
    const run = await runScript(`examples/${folder}/run.sh`, {
      env: {
        KITH_URL: url,
        SERVER_KEY: services.serverKey,
        CALL_SECONDS: String(seconds),
        ...env,
      },
      onLine(line) {
        if (line !== "calling") return;
        restarts = services
          .restartInTurn()
          .then(() => services.interruptDatabase())
          .then(() => {
            restarted = true;
          });
      },
    });
    const wasCovered = restarted;
    await restarts;
    expect(run.stdout, run.stderr).toBe(expected);
    expect(run.exitCode, run.stderr).toBe(0);
    if (wasCovered) return;
  }
}

function expectedOf(without: Example["without"] = []): string {
  const lines = transcript.split("\n");
  return lines.filter((line) => !without.some((start) => line.startsWith(start))).join("\n");
}
