import { spawn } from "node:child_process";
import { once } from "node:events";
import { createReadStream, createWriteStream } from "node:fs";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { fileURLToPath } from "node:url";
import { from as copyFrom } from "pg-copy-streams";
import { type DatabaseAddress, connect, createPool } from "../packages/server/src/db/database.ts";
import { openEmbedded } from "../packages/server/src/db/embedded.ts";
import { migrate } from "../packages/server/src/db/migrate.ts";
import { cardImport } from "../packages/server/src/modules/cards/cards.import.ts";
import { iccidKey } from "../packages/server/src/modules/cards/identifier.ts";
import { importCsv } from "../packages/server/src/modules/imports/import-csv.ts";
import { iccid, serialNo } from "./cards.ts";
import { show } from "./report.ts";
import { ratios, spread } from "./rounds.ts";
import type { Section } from "./sections/context.ts";

/** More say nothing new, and each takes the better part of a minute. */
const roundsMax = 5;

/**
 * An import of new cards with random serial numbers and an ICCID each, against what PostgreSQL's COPY takes for the same
 * rows of `card` and `card_identifier`, checked by nobody.
 */
export const imports: Section = async ({ scale, scratchDir, progress }) => {
  const embedded = await openEmbedded(join(scratchDir, "import"));
  try {
    await migrate(embedded.address);
    const files = await writeFiles(scratchDir, scale.cards);
    const bareMs: number[] = [];
    const imported: Imported[] = [];
    const rounds = Math.min(scale.rounds, roundsMax);
    for (let round = 0; round < rounds; round++) {
      // Each follows the other in every other round.
      const turns = [
        async () => void bareMs.push(await copyBare(embedded.address, files)),
        async () => void imported.push(await importInChild(embedded.address, files.csv)),
      ];
      for (const turn of round % 2 === 0 ? turns : turns.toReversed()) {
        await emptyTables(embedded.address);
        await turn();
      }
      progress(`round ${round + 1} of ${rounds}`);
    }
    const importMs = imported.map(({ elapsedMs }) => elapsedMs);
    const speed = ratios(bareMs, importMs);
    const rssMb = Math.max(...imported.map(({ maxRssKb }) => maxRssKb)) / 1024;
    const seconds = (times: readonly number[]): string => show(spread(times.map((ms) => ms / 1000)), "s", 1);
    const lines = scale.cards.toLocaleString("en");
    return [
      {
        what: `Import of ${lines} new cards from a CSV`,
        measured: seconds(importMs),
        comparedWith: `bare COPY of the same rows ${seconds(bareMs)}`,
        ratio: show(speed, "× its speed", 2),
        goal: "≥ 0.5 ×",
        data: { lines: scale.cards, bareMs, imported },
      },
      {
        what: `Peak memory of the process that imports ${lines} cards`,
        measured: `${Math.round(rssMb)} MB`,
        comparedWith: "",
        ratio: "",
        goal: "does not grow with the file",
        data: imported.map(({ maxRssKb }) => maxRssKb),
      },
    ];
  } finally {
    await embedded.release();
  }
};

interface Files {
  /** For the import. */
  readonly csv: string;
  /** For COPY, in its own format. */
  readonly card: string;
  readonly identifier: string;
}

async function writeFiles(directory: string, cards: number): Promise<Files> {
  const files = {
    csv: join(directory, "cards.csv"),
    card: join(directory, "card.tsv"),
    identifier: join(directory, "identifier.tsv"),
  };
  await writeLines(files.csv, cards, (index) => {
    const header = index === 0 ? "serial_no,iccid,msisdn,imsi,carrier,account_no,custom_no,sim_status,cycle_day\n" : "";
    return `${header}${serialNo(index)},${iccid(index)},${msisdn(index)},${imsi(index)},cmcc,,,1,\n`;
  });
  await writeLines(
    files.card,
    cards,
    (index) => `${serialNo(index)}\t${iccid(index)}\t${msisdn(index)}\t${imsi(index)}\tcmcc\t1\t1\n`,
  );
  await writeLines(files.identifier, cards, (index) => {
    const { value, qualifier } = iccidKey(iccid(index));
    return `${value}\ticcid\t${qualifier}\t${serialNo(index)}\n`;
  });
  return files;
}

function msisdn(index: number): string {
  return String(14_400_000_000 + index);
}

function imsi(index: number): string {
  return String(460_040_000_000_000 + index);
}

async function writeLines(path: string, count: number, line: (index: number) => string): Promise<void> {
  const piece = 10_000;
  await pipeline(function* () {
    for (let from = 0; from < count; from += piece)
      yield Array.from({ length: Math.min(piece, count - from) }, (_, index) => line(from + index)).join("");
  }, createWriteStream(path));
}

async function emptyTables(address: DatabaseAddress): Promise<void> {
  const client = await connect(address, "bench");
  await client.query("truncate card, card_identifier, card_package cascade");
  await client.query("checkpoint");
  await client.end();
}

/** Returns the milliseconds it took. */
async function copyBare(address: DatabaseAddress, files: Files): Promise<number> {
  const client = await connect(address, "bench");
  const start = performance.now();
  await client.query("begin");
  const columns = "serial_no, iccid, msisdn, imsi, carrier, sim_status, cycle_day";
  await pipeline(createReadStream(files.card), client.query(copyFrom(`copy card (${columns}) from stdin`)));
  const identifiers = client.query(copyFrom("copy card_identifier (value, kind, qualifier, serial_no) from stdin"));
  await pipeline(createReadStream(files.identifier), identifiers);
  await client.query("commit");
  const elapsedMs = performance.now() - start;
  await client.end();
  return elapsedMs;
}

interface Imported {
  readonly elapsedMs: number;
  readonly maxRssKb: number;
}

/** In a process of its own, whose memory is the import's alone. */
async function importInChild(address: DatabaseAddress, csv: string): Promise<Imported> {
  const child = spawn(process.execPath, [fileURLToPath(import.meta.url), address.connectionString, csv], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
  const [status] = (await once(child, "close")) as [number | null]; // As the event is documented.
  if (status !== 0) throw new Error(`the import ended with ${status}`);
  return JSON.parse(output) as Imported; // Written below.
}

async function importHere(connectionString: string, path: string): Promise<Imported> {
  const pool = createPool(
    { connectionString },
    { applicationName: "bench", connectionsMax: 2, connectTimeoutMs: 10_000, onIdleError: () => {} },
  );
  const start = performance.now();
  const { refused } = await importCsv(pool, cardImport, { path });
  const elapsedMs = performance.now() - start;
  if (refused > 0) throw new Error(`${refused} lines were refused`);
  await pool.end();
  return { elapsedMs, maxRssKb: process.resourceUsage().maxRSS };
}

const [, , connectionString, path] = process.argv;
if (import.meta.main && connectionString !== undefined && path !== undefined)
  process.stdout.write(JSON.stringify(await importHere(connectionString, path)));
