import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

/**
 * Runs the Connect conformance suite against Kith's transports. Go builds the suite once, into the cache
 * folder of the user. The suite's .proto files are in its Go module.
 */
const suite = "connectrpc.com/conformance";
const version = "v1.0.7";

const cache = join(
  process.env.XDG_CACHE_HOME || join(homedir(), ".cache"),
  "kith",
  `conformance-${version}`,
);
const runner = join(cache, "connectconformance");
const descriptors = join(cache, "descriptors.binpb");

if (!hasGo()) {
  process.stdout.write("Skipped the conformance suite: Go is not installed\n");
} else {
  prepare();
  const { status } = spawnSync(
    runner,
    [
      ...["--mode", "server", "--conf", pathOf("config.yaml")],
      ...["--known-failing", `@${pathOf("known-failing.txt")}`],
      ...process.argv.slice(2),
      ...["--", process.execPath, pathOf("server.ts"), descriptors],
    ],
    { stdio: "inherit" },
  );
  process.exitCode = status ?? 1;
}

function hasGo(): boolean {
  return spawnSync("go", ["version"], { stdio: "ignore" }).status === 0;
}

function prepare(): void {
  mkdirSync(cache, { recursive: true });
  if (!existsSync(runner)) {
    run("go", ["install", `${suite}/cmd/connectconformance@${version}`], { GOBIN: cache });
  }
  if (!existsSync(descriptors)) {
    const { Dir } = JSON.parse(run("go", ["mod", "download", "-json", `${suite}@${version}`]));
    run("buf", ["build", join(Dir, "proto"), "--output", descriptors]);
  }
}

function run(command: string, args: readonly string[], env: Record<string, string> = {}): string {
  return execFileSync(command, args, {
    // A module of a folder would decide on versions.
    cwd: cache,
    env: { ...process.env, ...env },
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  });
}

function pathOf(name: string): string {
  return join(import.meta.dirname, name);
}
