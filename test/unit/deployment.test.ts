import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { startArguments } from "../support/start-arguments.ts";

const read = (path: string) => readFileSync(path, "utf8");

/** Each file that a tool can check, and the command that checks it. */
const checks: [file: string, program: string, args: string[]][] = [
  ["docker/nginx.conf", "nginx", ["-t", "-c", resolve("docker/nginx.conf")]],
  ["docker/haproxy.cfg", "haproxy", ["-c", "-f", "docker/haproxy.cfg"]],
  ["docker/kubernetes", "kubectl", ["kustomize", "docker/kubernetes"]],
];

const isInstalled = (program: string) => spawnSync(program, ["-v"]).error === undefined;

for (const [file, program, args] of checks) {
  const isMissing = !isInstalled(program);
  if (isMissing)
    process.stderr.write(`skipped: ${program}, which checks ${file}, is not installed\n`);
  test.skipIf(isMissing)(`${program} accepts ${file}`, () => {
    const { status, stderr } = spawnSync(program, args, { encoding: "utf8" });
    expect(status, stderr).toBe(0);
  });
}

const unit = read("docker/systemd/kith.service");
const hasSystemd = isInstalled("systemd-analyze");
if (!hasSystemd) process.stderr.write("skipped: systemd-analyze is not installed\n");

test.skipIf(!hasSystemd)("systemd accepts the unit", () => {
  const directory = mkdtempSync(join(tmpdir(), "kith-unit-"));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const path = join(directory, "kith.service");
  // The program of the unit may be missing here.
  writeFileSync(path, unit.replace("/usr/bin/node", process.execPath));
  const { status, stderr } = spawnSync("systemd-analyze", ["verify", path], { encoding: "utf8" });
  expect(status, stderr).toBe(0);
});

test("the unit starts the service as npm start does", () => {
  const command = /^ExecStart=\/usr\/bin\/node (.*)$/m.exec(unit)?.[1];
  expect(command).toBe(startArguments.join(" "));
});

test("the password of compose is not a part of the URL", () => {
  const compose = read("docker/compose.yaml");
  expect(compose).toMatch(/^ +DATABASE_URL: postgres:\/\/kith@postgres:5432\/kith$/m);
  expect(compose).toMatch(/^ +PGPASSWORD: \$\{POSTGRES_PASSWORD/m);
});

test("the pods have a read-only file system, no root, probes, and time to drain", () => {
  const deployment = read("docker/kubernetes/deployment.yaml");
  for (const line of [
    ...["runAsNonRoot: true", "readOnlyRootFilesystem: true", "allowPrivilegeEscalation: false"],
    ...["path: /readyz", "path: /livez", "DRAIN_DELAY_MS", "terminationGracePeriodSeconds: 30"],
  ]) {
    expect(deployment).toContain(line);
  }
});
