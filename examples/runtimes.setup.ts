/** Names, after everything else a run prints, the samples that were not run because this machine lacks their runtime. */
import { languages, missingRuntime } from "./languages.ts";

export function teardown(): void {
  const missing = languages.map(missingRuntime).filter((reason) => reason !== undefined);
  if (missing.length > 0) console.log(`examples not run: ${missing.join(", ")}`);
}
