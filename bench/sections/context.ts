import type { DatabaseUnderTest } from "../contenders.ts";
import type { Load } from "../load.ts";
import type { Figure } from "../report.ts";

/** How much is measured. */
export interface Scale {
  /** Cards of the main data set. */
  readonly cards: number;
  /** Numbers of cards whose latency is compared with that at few cards. */
  readonly cardsMany: readonly number[];
  readonly rounds: number;
  readonly roundMs: number;
  readonly memoryCalls: number;
  readonly starts: number;
  /** Usage records of a turn at taking them in, and of the plain way's. */
  readonly intakeRecords: number;
  readonly plainRecords: number;
  /** Usage records in the file whose import's memory is read. */
  readonly importRecords: number;
  /** Usage records stored before more are taken in; undefined: that is not measured. */
  readonly storedFew: number;
  readonly storedMany: number | undefined;
}

/** What a section is given. */
export interface Context {
  readonly scale: Scale;
  readonly load: Load;
  /** For files of the section's own; removed in the end. */
  readonly scratchDir: string;
  /** A database with that many cards, made the first time it is asked for. */
  readonly database: (cards: number) => Promise<DatabaseUnderTest>;
  readonly progress: (done: string) => void;
}

export type Section = (context: Context) => Promise<Figure[]>;

/** Connections of the load generator where the server is to be kept busy. */
export const busyConnections = 96;
