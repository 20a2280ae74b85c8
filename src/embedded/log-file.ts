import { closeSync, fstatSync, ftruncateSync, openSync, readFileSync } from "node:fs";

/** Postgres's log of this run, appended to those of earlier runs. */
export interface LogFile {
  /** For Postgres to write to. */
  fd: number;
  /** The last lines that this run has written, with a heading; empty if it has written none. */
  tail(): string;
  close(): void;
}

const maxBytes = 10 * 1024 * 1024;
const tailLines = 20;

/** Opens the log (mode 0600), emptying it first if it is longer than 10 MiB. */
export function openLogFile(path: string): LogFile {
  const fd = openSync(path, "a", 0o600);
  if (fstatSync(fd).size > maxBytes) ftruncateSync(fd);
  const start = fstatSync(fd).size;
  return {
    fd,
    tail() {
      const lines = readFileSync(path).subarray(start).toString().trimEnd().split("\n");
      const last = lines.slice(-tailLines).join("\n");
      return last && `\nThe end of ${path}:\n${last}`;
    },
    close: () => closeSync(fd),
  };
}
