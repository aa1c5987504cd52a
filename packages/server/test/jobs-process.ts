import { startRunner } from "./jobs.ts";

/** A process that runs jobs and nothing else, to be killed. The database is its only argument. */
await startRunner({ connectionString: process.argv[2] ?? "" });
process.stdout.write("ready\n");
