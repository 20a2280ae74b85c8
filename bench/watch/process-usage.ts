import { readFileSync } from "node:fs";

/** Clock ticks per second, the unit of times in `/proc`. */
const ticksPerSecond = 100;

/** The CPU time of a process in user and system mode, in seconds. Linux only. */
export function readCpuSeconds(pid: number): number {
  return parseCpuTicks(readFileSync(`/proc/${pid}/stat`, "utf8")) / ticksPerSecond;
}

/** The time in user and system mode, of the text of `/proc/PID/stat`. The second field is a name in parentheses. */
export function parseCpuTicks(stat: string): number {
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return Number(fields[11]) + Number(fields[12]);
}

/**
 * The time in which the main thread of a process was ready to run, but had no core, in seconds. Linux only.
 * Its growth shows how much other programs disturb a measurement.
 */
export function readCoreWaitSeconds(pid: number): number {
  const [, nanoseconds] = readFileSync(`/proc/${pid}/schedstat`, "utf8").split(" ");
  return Number(nanoseconds) / 1e9;
}

/** The memory of a process that is in RAM, in megabytes (1 MB is a million bytes). Linux only. */
export function readMemory(pid: number): number {
  return readStatus(pid, "VmRSS");
}

/** The most memory that a process ever had, in megabytes. */
export function readPeakMemory(pid: number): number {
  return readStatus(pid, "VmHWM");
}

function readStatus(pid: number, field: string): number {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const kibibytes = new RegExp(`^${field}:\\s+(\\d+) kB$`, "m").exec(status)?.[1];
  return (Number(kibibytes) * 1_024) / 1e6;
}

/** Follows the memory of a process. */
export interface MemoryWatch {
  /** Returns the most memory since the last call, in megabytes. */
  takePeak(): number;
  stop(): void;
}

const watchMs = 50;

export function watchMemory(pid: number): MemoryWatch {
  let peak = 0;
  const look = () => {
    peak = Math.max(peak, readMemory(pid));
  };
  const timer = setInterval(look, watchMs);
  return {
    takePeak() {
      look();
      const taken = peak;
      peak = 0;
      return taken;
    },
    stop: () => clearInterval(timer),
  };
}
