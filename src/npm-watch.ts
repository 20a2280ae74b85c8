/** Time between two looks at the parent process, in milliseconds. */
const intervalMs = 500;

/**
 * Sends this process SIGHUP when the npm of `npm start` has ended. npm passes on only SIGTERM and SIGINT. Any other
 * signal ends npm alone, and nobody would stop this process.
 */
export function stopWithNpm(env: NodeJS.ProcessEnv): void {
  if (env.npm_package_name !== "kith" || env.npm_lifecycle_event !== "start") return;
  const npm = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === npm) return;
    clearInterval(timer);
    process.kill(process.pid, "SIGHUP");
  }, intervalMs);
  timer.unref();
}
