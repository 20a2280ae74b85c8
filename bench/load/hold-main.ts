/** A process that holds connections open, as the job in its argument says, and prints the result. */
import type { HoldJob } from "./hold.ts";
import { hold } from "./hold.ts";

const job = JSON.parse(process.argv[2] ?? "{}") as HoldJob;
console.log(JSON.stringify(await hold(job)));
process.exit();
