/** A generator process. It makes the calls of the job in its argument and prints the result. */
import type { LoadJob } from "./job.ts";
import { runLoad } from "./run-load.ts";

const job = JSON.parse(process.argv[2] ?? "{}") as LoadJob;
console.log(JSON.stringify(await runLoad(job)));
process.exit();
