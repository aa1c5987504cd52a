import { ConflictError } from "./errors.ts";
import { text } from "./text.ts";

/**
 * Throws a ConflictError unless a change was made in view of what is there now. The caller holds the record's row. No
 * version: whoever asks has looked at nothing, as at the command line.
 */
export function refuseStale(version: number | undefined, current: number): void {
  if (version === undefined || version === current) return;
  throw new ConflictError(
    text(
      "在你打开之后，已有其他人修改过，本次更改未保存",
      "someone else has changed this since you opened it; your change was not saved",
    ),
  );
}
