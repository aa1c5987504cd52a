import sql, { raw } from "sql-template-tag";
import { type Db, withinSafeIntegers } from "../../db/database.ts";
import { type BillingMonth, monthToDate } from "../packages/billing-month.ts";

/** A billing month as a card has it by two sources; moments in microseconds since the epoch. */
export interface GapRow {
  serial_no: string;
  month: string;
  /** The source that is compared with: the one that counts, or where none does, the one with the lowest number. */
  source_no: number;
  counts: boolean;
  used_bytes: number;
  as_of: number | null;
  other_source_no: number;
  other_used_bytes: number;
  other_as_of: number | null;
  /** The other's figure less the one's. */
  gap_bytes: number;
}

/** The largest of the gaps between sources' figures for a card's month; undefined: of all months. */
export async function selectGaps(db: Db, month: BillingMonth | undefined, limit: number): Promise<GapRow[]> {
  const { rows } = await db.query<GapRow>(sql`
    select serial_no, month, source_no, counts, ${raw(withinSafeIntegers("used_bytes"))},
      case when isfinite(as_of) then (extract(epoch from as_of) * 1000000)::bigint end as as_of,
      other_source_no, ${raw(withinSafeIntegers("other_used_bytes"))},
      case when isfinite(other_as_of) then (extract(epoch from other_as_of) * 1000000)::bigint end as other_as_of,
      ${raw(withinSafeIntegers("gap_bytes"))}
    from (
      select serial_no, month, source_no, counts, used_bytes, as_of, other_source_no, other_used_bytes, other_as_of,
        other_used_bytes - used_bytes as gap_bytes
      from (${pairs(month)}) as pair
      where place > 1
    ) as gap
    where gap_bytes <> 0
    order by abs(gap_bytes) desc, serial_no, month, other_source_no
    limit ${limit}
  `);
  return rows;
}

export interface GapTotalsRow {
  /** Pairs of a card's month by the source that counts and by another. */
  compared: number;
  differing: number;
  /** Of all gaps, whatever their sign; an integer, which may be too large for a number. */
  gap_bytes: string;
}

export async function selectGapTotals(db: Db, month: BillingMonth | undefined): Promise<GapTotalsRow> {
  const { rows } = await db.query<GapTotalsRow>(sql`
    select count(*) as compared,
      count(*) filter (where other_used_bytes <> used_bytes) as differing,
      coalesce(sum(abs(other_used_bytes - used_bytes)), 0)::text as gap_bytes
    from (${pairs(month)}) as pair
    where place > 1
  `);
  return rows[0] ?? { compared: 0, differing: 0, gap_bytes: "0" };
}

/** Each figure beside the one that it is compared with. One pass over the key, by window, instead of a join with itself. */
function pairs(month: BillingMonth | undefined) {
  const date = month === undefined ? null : monthToDate(month);
  return sql`
    select serial_no, month, source_no as other_source_no, used_bytes as other_used_bytes, as_of as other_as_of,
      first_value(source_no) over first as source_no, first_value(counts) over first as counts,
      first_value(used_bytes) over first as used_bytes, first_value(as_of) over first as as_of,
      row_number() over first as place
    from usage_month
    where ${date}::date is null or month = ${date}::date
    window first as (partition by serial_no, month order by counts desc, source_no)
  `;
}
