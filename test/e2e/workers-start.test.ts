import { createServer } from "node:net";
import { expect, test } from "vitest";
import { startDatabaseProxy } from "./support/database-proxy.ts";
import { eventually } from "./support/eventually.ts";
import { startProcess } from "./support/process.ts";
import { makeTlsFolder, subjectAt } from "./support/tls.ts";
import { emptyDatabase, startWorkers, untilEnded, workersOf } from "./support/workers.ts";

test("a port in use ends the service with 1 and the same message as without workers", async () => {
  const other = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => other.once("listening", resolve));
  const address = other.address();
  const port = typeof address === "object" ? String(address?.port) : "";
  await using database = await emptyDatabase();
  const failures: string[] = [];
  for (const WORKERS of ["1", "2"]) {
    await using service = startProcess({ DATABASE_URL: database.url, PORT: port, WORKERS });
    expect(await service.exit()).toBe(1);
    failures.push(
      service
        .output()
        .match(/^Kith cannot start.*$/gm)
        ?.join("\n") ?? "",
    );
    for (const worker of workersOf(service)) await untilEnded(worker);
  }
  expect(failures[0]).toMatch(/EADDRINUSE/);
  expect(failures[1]).toBe(failures[0]);
  other.close();
});

test("if no worker can start, the service ends with 1 and says why once", async () => {
  using folder = makeTlsFolder();
  await using database = await emptyDatabase();
  await using proxy = await startDatabaseProxy(database.url);
  await proxy.cut("refuses");
  await using service = startProcess({
    ...folder.env,
    DATABASE_URL: proxy.url,
    WORKERS: "2",
  });
  await service.untilOutput(/waiting for the database/);
  // The primary has read it, and the workers have not.
  folder.write("tls.crt", "not a certificate");
  await proxy.restore();
  expect(await service.exit()).toBe(1);
  expect(service.output().match(/^Kith cannot start: /gm)).toHaveLength(1);
  expect(service.output()).toMatch(/^ +TLS_CERT_FILE must/m);
});

test("a worker that cannot start again is tried until it can, while the others serve", async () => {
  using folder = makeTlsFolder();
  await using workers = await startWorkers(folder.env);
  folder.write("tls.crt", "not a certificate");
  const [killed] = workers.started();
  process.kill(killed?.pid ?? 0, "SIGKILL");
  const attempts = () =>
    workers.service.logs().filter(({ msg }) => msg === "a worker could not start").length;
  await eventually("several attempts", () => attempts() >= 3);
  expect(await subjectAt(workers.port, folder.authority.cert)).toBe("first");
  folder.write("tls.crt", folder.certificate.cert);
  await eventually("it has started", () => workers.started().length === 3);
  workers.service.signal("SIGTERM");
  expect(await workers.service.exit()).toBe(0);
});
