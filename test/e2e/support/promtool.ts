import { spawnSync } from "node:child_process";

/** Whether the program promtool of Prometheus is installed. */
export const hasPromtool = spawnSync("promtool", ["--version"]).status === 0;

/** The text that a skipped test shows. */
export const promtoolMissing = "promtool is not installed";
