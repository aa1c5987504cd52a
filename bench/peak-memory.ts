/** Loaded before a command (`node --import`), writes the most memory that its process had, in kilobytes, to file 3. */
import { writeSync } from "node:fs";

process.on("exit", () => writeSync(3, String(process.resourceUsage().maxRSS)));
