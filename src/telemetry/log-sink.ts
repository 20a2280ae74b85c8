import { constants, fstatSync, openSync, writeSync } from "node:fs";
import { Socket } from "node:net";

/** The output for log lines. A write never throws, and never waits for a reader. */
export interface LogSink {
  /** @param text one or more lines, each with its line break */
  write(text: string): void;
  /** The number of writes that were dropped so far. */
  readonly dropped: number;
}

/** Size limit of the lines that wait for a slow reader, in bytes. */
const maxWaitingBytes = 1_048_576;
/** Interval at which waiting lines are written again, in milliseconds. */
const retryMs = 50;

/**
 * Creates a sink that never blocks or fails because of a full disk, a closed pipe, or a slow reader. Lines
 * that cannot be written are dropped and counted. A separate line reports them after the next successful
 * write.
 *
 * @param fd a file descriptor, such as 1 for standard output
 */
export function createLogSink(fd: number): LogSink {
  const target = openWithoutBlocking(fd);
  /** Pending lines. A part of the first one may already be written. */
  let waiting: Buffer[] = [];
  let waitingBytes = 0;
  let dropped = 0;
  let reported = 0;
  let timer: NodeJS.Timeout | undefined;

  function enqueue(text: string): void {
    const line = Buffer.from(text);
    if (waitingBytes + line.length > maxWaitingBytes) {
      dropped += 1;
      return;
    }
    waiting.push(line);
    waitingBytes += line.length;
  }

  /** The next line to write. If no line is pending, it is the report of the dropped lines. */
  function nextLine(): Buffer | undefined {
    if (waiting.length === 0 && dropped > reported) {
      const lines = dropped - reported;
      reported = dropped;
      const report = { level: 40, time: Date.now(), lines, msg: "log lines were dropped" };
      enqueue(`${JSON.stringify(report)}\n`);
    }
    return waiting[0];
  }

  function flush(): void {
    timer = undefined;
    for (let line = waiting[0]; line !== undefined; line = nextLine()) {
      const written = tryWrite(target, line);
      if (written === "failed") {
        dropped += waiting.length;
        waiting = [];
        waitingBytes = 0;
        return;
      }
      waitingBytes -= written;
      if (written < line.length) {
        waiting[0] = line.subarray(written);
        timer = setTimeout(flush, retryMs).unref();
        return;
      }
      waiting.shift();
    }
  }

  process.once("exit", flush);
  return {
    write(text) {
      enqueue(text);
      if (timer === undefined) flush();
    },
    get dropped() {
      return dropped;
    },
  };
}

/** @returns the number of bytes written, or 0 if the reader is slow */
function tryWrite(fd: number, bytes: Buffer): number | "failed" {
  try {
    return writeSync(fd, bytes);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EAGAIN" ? 0 : "failed";
  }
}

/**
 * Sets a pipe, a socket, or a terminal to non-blocking mode. In blocking mode, a write to a slow reader
 * would block the whole process. Other processes may share the descriptor of a pipe or a terminal, so
 * these are opened again. A socket cannot be opened again, so libuv changes its mode.
 */
function openWithoutBlocking(fd: number): number {
  try {
    const stat = fstatSync(fd);
    if (stat.isSocket()) {
      new Socket({ fd, readable: false, writable: true }).on("error", () => {}).unref();
    } else if (stat.isFIFO() || stat.isCharacterDevice()) {
      return openSync(`/proc/self/fd/${fd}`, constants.O_WRONLY | constants.O_NONBLOCK);
    }
  } catch {
    // Some systems do not support this. On them, a write to a slow reader blocks.
  }
  return fd;
}
