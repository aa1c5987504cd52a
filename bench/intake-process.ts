/** The platform's intake, taking turns: CloudEvents as they arrive, cut up, parsed and taken in. */
import { createPool } from "../packages/server/src/db/database.ts";
import type { UsageSource } from "../packages/server/src/modules/sources/source.ts";
import { batchesAtOnce } from "../packages/server/src/modules/usage/ingest.ts";
import { type Intake, createIntake } from "../packages/server/src/modules/usage/intake.ts";
import { createMeteredCards } from "../packages/server/src/modules/usage/metered-cards.ts";
import { readPiece } from "../packages/server/src/modules/usage/pieces.ts";
import { splitLines } from "../packages/server/src/modules/usage/split.ts";
import type { RecordStatus } from "../packages/server/src/modules/usage/usage-record.ts";
import { serialNo } from "./cards.ts";
import type { IntakeOrder } from "./intake-order.ts";
import { type TurnTaker, readOrder, takeTurns } from "./turns.ts";
import { eventLine, randomRecord } from "./usage-records.ts";

/** A body, and how many of its records have not been sent before. */
interface Body {
  readonly bytes: Buffer;
  readonly fresh: number;
}

function createTaker(order: IntakeOrder): TurnTaker {
  const { connectionString, source, timeZone, nowMs, records, batchRecords } = order;
  const pool = createPool(
    { connectionString },
    { applicationName: "bench", connectionsMax: batchesAtOnce, connectTimeoutMs: 10_000, onIdleError: () => {} },
  );
  const metered = createMeteredCards();
  // As after the first hour: each card has reported once.
  for (let index = 0; index < order.cards; index++) metered.remember(serialNo(index), 1, metered.age());
  const intake = createIntake(pool, { clock: () => nowMs, timeZone, metered });
  const nextBatch = createBatches(order);
  let bodies: Body[] = [];
  return {
    async prepare() {
      bodies = Array.from({ length: Math.ceil(records / batchRecords) }, (_, index) =>
        nextBatch(Math.min(batchRecords, records - index * batchRecords)),
      );
    },
    async take() {
      const counts = { accepted: 0, duplicate: 0 };
      const waiting = bodies.values();
      await Promise.all(
        Array.from({ length: batchesAtOnce }, async () => {
          for (const { bytes } of waiting) await takeIn(intake, source, bytes, counts);
        }),
      );
      const fresh = bodies.reduce((sum, body) => sum + body.fresh, 0);
      if (counts.accepted !== fresh || counts.duplicate !== records - fresh)
        throw new Error(`of ${fresh} new records among ${records}: ${JSON.stringify(counts)}`);
    },
  };
}

async function takeIn(
  intake: Intake,
  source: UsageSource,
  bytes: Buffer,
  counts: Record<"accepted" | "duplicate", number>,
): Promise<void> {
  const records = Array.from(splitLines().push(bytes), (piece) => readPiece(piece, source));
  for (const { id, status } of await intake.takeIn(source, records)) {
    if (!isCounted(status)) throw new Error(`record ${id} is ${status}`);
    counts[status]++;
  }
}

function isCounted(status: RecordStatus): status is "accepted" | "duplicate" {
  return status === "accepted" || status === "duplicate";
}

/** Makes batches; what is repeated was sent at least two batches before, and so is not under way with its repetition. */
function createBatches({ cards, nowMs, repeatedShare, lateShare }: IntakeOrder): (records: number) => Body {
  const sent: string[] = [];
  let ends: readonly [number, number] = [0, 0];
  return (records) => {
    const repeatable = ends[0];
    let fresh = 0;
    let text = "";
    for (let index = 0; index < records; index++) {
      const repeated = Math.random() < repeatedShare ? sent[Math.floor(Math.random() * repeatable)] : undefined;
      const line = repeated ?? eventLine(randomRecord(cards, nowMs, lateShare));
      text += line;
      if (repeated !== undefined) continue;
      fresh++;
      if (repeatedShare > 0) sent.push(line);
    }
    ends = [ends[1], sent.length];
    return { bytes: Buffer.from(text), fresh };
  };
}

takeTurns(createTaker(readOrder() as IntakeOrder)); // The benchmark wrote it.
