import sql, { raw } from "sql-template-tag";
import type { Db } from "../../db/database.ts";
import { text } from "../../text.ts";
import { patternColumn, wholeColumn } from "../imports/cell.ts";
import type { CheckContext, CsvImport, Written } from "../imports/definition.ts";
import { live } from "../imports/staging.ts";
import { iccidPattern } from "./identifier.ts";

/** The channel on which every server is told that cards have come or changed; there is no payload. */
export const cardsChannel = "dks_cards";

const required = { required: true };
const optional = { required: false };

/**
 * Cards, by serial_no. An empty cell leaves an existing card's value as it is.
 *
 * What a card may be looked up by (`card_identifier`) moves with its ICCID, custom number and account. Cards may exchange
 * theirs within one file: what matters is that no two have the same once all of it is written.
 */
export const cardImport: CsvImport = {
  name: "card",
  columns: [
    patternColumn(
      "serial_no",
      required,
      /^[0-9A-Za-z]{1,32}$/,
      text("1 到 32 位数字或字母", "1 to 32 digits or letters"),
    ),
    {
      name: "iccid",
      ...optional,
      sqlType: "text",
      expected: text("19 或 20 位 ICCID", "an ICCID of 19 or 20 digits"),
      parse(cell) {
        const upper = cell.toUpperCase();
        return iccidPattern.test(upper) ? upper : undefined;
      },
    },
    patternColumn("msisdn", optional, /^[0-9]{5,15}$/, text("5 到 15 位数字", "5 to 15 digits")),
    patternColumn("imsi", optional, /^[0-9]{14,15}$/, text("14 或 15 位数字", "14 or 15 digits")),
    // Not a list of ours: operators resell carriers we have not heard of. Usual are cmcc, cucc, ctcc and cbn.
    patternColumn(
      "carrier",
      required,
      /^[0-9A-Za-z_-]{1,32}$/,
      text(
        "1 到 32 位数字、字母、_ 或 -，例如 cmcc、cucc、ctcc",
        "1 to 32 digits, letters, _ or -, such as cmcc, cucc or ctcc",
      ),
    ),
    {
      ...patternColumn("account_no", optional, /^[1-9][0-9]{0,14}$/, text("账户编号", "the number of an account")),
      sqlType: "bigint",
    },
    patternColumn("custom_no", optional, /^[0-9]{6,16}$/, text("6 到 16 位数字", "6 to 16 digits")),
    wholeColumn("sim_status", optional, 0, 4),
    wholeColumn("cycle_day", optional, 1, 28),
  ],
  key: ["serial_no"],
  async checkLines(context) {
    await refuseUnknownAccounts(context);
  },
  async checkTogether(context) {
    const { db } = context;
    await selectExisting(db);
    await refuseCycleDayOfMetered(context);
    await refuseCustomNoWithoutAccount(context);
    await selectClaims(db);
    const contested = await refuseContestedClaims(context);
    const held = await refuseHeldClaims(context);
    if (contested || held) await dropRefusedClaims(db);
  },
  async apply(db, eventNo): Promise<Written> {
    await deleteStaleIdentifiers(db);
    const inserted = await insertCards(db, eventNo);
    const updated = (await updateCards(db, true)) + (await updateCards(db, false));
    if (updated > 0) await insertChanges(db, eventNo);
    await insertIdentifiers(db);
    if (inserted + updated > 0) await notifyCards(db);
    return { inserted, updated };
  },
};

async function refuseUnknownAccounts({ db, language }: CheckContext): Promise<void> {
  await db.query(sql`create temporary table import_account on commit drop as select account_no from account`);
  const reason = text("account_no：没有编号为 %s 的账户", "account_no: there is no account %s");
  await db.query(sql`
    update import_line l
    set refusal = format(${reason[language]}, l.account_no)
    where ${live} and l.account_no is not null and l.account_no not in (select account_no from import_account)
  `);
}

/** `import_existing`: the cards of the file that are there already. */
async function selectExisting(db: Db): Promise<void> {
  await db.query(sql`
    create temporary table import_existing on commit drop as
    select c.serial_no, c.iccid, c.msisdn, c.imsi, c.carrier, c.account_no, c.custom_no, c.sim_status, c.cycle_day
    from card c
    join import_line l on l.serial_no = c.serial_no
    where ${live}
  `);
  await db.query(sql`analyze import_existing`);
}

/**
 * A card that has usage keeps the day on which its billing months start: the months of its records were found by it.
 * Usage of such a card that first arrives while this runs goes unseen; it is then in the month it was found to be in.
 */
async function refuseCycleDayOfMetered({ db, language }: CheckContext): Promise<void> {
  const { rowCount } = await db.query(sql`
    create temporary table import_shifted on commit drop as
    select l.line_no, l.serial_no, e.cycle_day
    from import_line l
    join import_existing e on e.serial_no = l.serial_no
    where ${live} and l.cycle_day <> e.cycle_day
  `);
  if (rowCount === 0) return;
  await db.query(sql`analyze import_shifted`);
  await db.query(sql`
    create temporary table import_metered on commit drop as
    select distinct u.serial_no
    from usage_month u
    join import_shifted s on s.serial_no = u.serial_no
  `);
  const reason = text(
    "cycle_day：卡已有用量，其账期起始日 %s 不能再改",
    "cycle_day: the card has usage already, so its billing months keep starting on day %s",
  );
  await db.query(sql`
    update import_line l
    set refusal = format(${reason[language]}, s.cycle_day)
    from import_shifted s
    join import_metered m on m.serial_no = s.serial_no
    where s.line_no = l.line_no
  `);
}

async function refuseCustomNoWithoutAccount({ db, language }: CheckContext): Promise<void> {
  const reason = text(
    "custom_no：卡没有账户，自定义编号须属于某个账户，请填写 account_no",
    "custom_no: the card has no account to which a custom number could belong; fill in account_no",
  );
  await db.query(sql`
    update import_line l
    set refusal = ${reason[language]}
    where ${live} and l.custom_no is not null and l.account_no is null
      and not exists (select from import_existing e where e.serial_no = l.serial_no and e.account_no is not null)
  `);
}

/** The key of an ICCID in `card_identifier`, as iccidKey makes it. */
function iccidKeyOf(iccid: string) {
  return raw(`substr(${iccid}, 11, 9) as value, 'iccid' as kind, substr(${iccid}, 1, 10) as qualifier`);
}

function customNoKeyOf(customNo: string, accountNo: string) {
  return raw(`${customNo} as value, 'custom_no' as kind, ${accountNo}::text as qualifier`);
}

/** `import_claim`: the identifiers that the file's cards have once it is imported. */
async function selectClaims(db: Db): Promise<void> {
  const iccid = "coalesce(l.iccid, e.iccid)";
  const customNo = "coalesce(l.custom_no, e.custom_no)";
  await db.query(sql`
    create temporary table import_claim on commit drop as
    select l.line_no, l.serial_no, ${iccidKeyOf(iccid)}
    from import_line l
    left join import_existing e on e.serial_no = l.serial_no
    where ${live} and ${raw(iccid)} is not null
    union all
    select l.line_no, l.serial_no, ${customNoKeyOf(customNo, "coalesce(l.account_no, e.account_no)")}
    from import_line l
    left join import_existing e on e.serial_no = l.serial_no
    where ${live} and ${raw(customNo)} is not null
  `);
  await db.query(sql`analyze import_claim`);
  // Those among them that some card has already, be it the same one.
  await db.query(sql`
    create temporary table import_held on commit drop as
    select c.line_no, c.serial_no, c.value, c.kind, c.qualifier, i.serial_no as holder
    from import_claim c
    join card_identifier i on i.value = c.value and i.kind = c.kind and i.qualifier = c.qualifier
  `);
  await db.query(sql`analyze import_held`);
}

/** Two cards of the file with one identifier: the one that has it already keeps it, else the first in the file. */
async function refuseContestedClaims({ db, language }: CheckContext): Promise<boolean> {
  const { rowCount } = await db.query(sql`
    create temporary table import_contested on commit drop as
    select value, kind, qualifier
    from import_claim
    group by value, kind, qualifier
    having count(*) > 1
  `);
  if (rowCount === 0) return false;
  const reason = text(
    "%1$s：与第 %2$s 行的卡 %3$s 相同（ICCID 比较前 19 位）",
    "%1$s: the same as that of card %3$s on line %2$s (of an ICCID the first 19 digits count)",
  );
  await db.query(sql`
    update import_line l
    set refusal = format(${reason[language]}, r.kind, r.winner_line, r.winner)
    from (
      select c.line_no, c.kind,
        first_value(c.line_no) over claimants as winner_line,
        first_value(c.serial_no) over claimants as winner
      from import_claim c
      join import_contested x on x.value = c.value and x.kind = c.kind and x.qualifier = c.qualifier
      left join import_held h on h.line_no = c.line_no and h.kind = c.kind and h.holder = c.serial_no
      window claimants as (partition by c.value, c.kind, c.qualifier order by h.holder is null, c.line_no)
    ) r
    where r.line_no = l.line_no and r.winner_line <> l.line_no
  `);
  return true;
}

/**
 * An identifier that another card has, which does not give it up in this file. A card whose line is refused gives
 * nothing up, so that refusing one line may cost further ones that waited for what it has: hence the recursion.
 */
async function refuseHeldClaims({ db, language }: CheckContext): Promise<boolean> {
  const { rowCount } = await db.query(sql`
    create temporary table import_awaited on commit drop as
    select h.line_no, h.serial_no, h.kind, h.holder
    from import_held h
    join import_line l on l.line_no = h.line_no
    where h.holder <> h.serial_no and ${live}
  `);
  if (rowCount === 0) return false;
  const reason = text(
    "%1$s：已属于卡 %2$s（ICCID 比较前 19 位）",
    "%1$s: card %2$s has it already (of an ICCID the first 19 digits count)",
  );
  await db.query(sql`
    with recursive blocked (line_no, serial_no, kind, holder) as (
      select a.line_no, a.serial_no, a.kind, a.holder
      from import_awaited a
      where not exists (select from import_line l where l.serial_no = a.holder and ${live})
      union
      select a.line_no, a.serial_no, a.kind, a.holder
      from blocked b
      join import_awaited a on a.holder = b.serial_no
    )
    update import_line l
    set refusal = format(${reason[language]}, b.kind, b.holder)
    from blocked b
    where b.line_no = l.line_no
  `);
  return true;
}

async function dropRefusedClaims(db: Db): Promise<void> {
  await db.query(sql`
    delete from import_claim c using import_line l where l.line_no = c.line_no and l.refusal is not null
  `);
}

/** What a card is no longer looked up by. All go before any new one comes, for cards that exchange theirs. */
async function deleteStaleIdentifiers(db: Db): Promise<void> {
  const { rowCount } = await db.query(sql`
    create temporary table import_stale on commit drop as
    select ${iccidKeyOf("e.iccid")}
    from import_line l
    join import_existing e on e.serial_no = l.serial_no
    where ${live} and left(e.iccid, 19) <> left(l.iccid, 19)
    union all
    select ${customNoKeyOf("e.custom_no", "e.account_no")}
    from import_line l
    join import_existing e on e.serial_no = l.serial_no
    where ${live} and e.custom_no is not null and (e.custom_no <> l.custom_no or e.account_no <> l.account_no)
  `);
  if (rowCount === 0) return;
  await db.query(sql`
    delete from card_identifier i
    using import_stale s
    where i.value = s.value and i.kind = s.kind and i.qualifier = s.qualifier
  `);
}

/** In the order of the key, in which the index is filled from one side: half the time of any other. */
async function insertCards(db: Db, eventNo: number): Promise<number> {
  const { rowCount } = await db.query(sql`
    insert into card
      (serial_no, iccid, msisdn, imsi, carrier, account_no, custom_no, sim_status, cycle_day, event_no)
    select l.serial_no, l.iccid, l.msisdn, l.imsi, l.carrier, l.account_no, l.custom_no, coalesce(l.sim_status, 1),
      coalesce(l.cycle_day, case lower(l.carrier) when 'cucc' then 27 else 1 end), ${eventNo}::bigint
    from import_line l
    where ${live} and not exists (select from import_existing e where e.serial_no = l.serial_no)
    order by l.serial_no
  `);
  return rowCount ?? 0;
}

/** Whether the line would change anything about the card that is there. */
const changes = raw(`
  (coalesce(l.iccid, e.iccid), coalesce(l.msisdn, e.msisdn), coalesce(l.imsi, e.imsi), l.carrier,
    coalesce(l.account_no, e.account_no), coalesce(l.custom_no, e.custom_no), coalesce(l.sim_status, e.sim_status),
    coalesce(l.cycle_day, e.cycle_day))
  is distinct from (e.iccid, e.msisdn, e.imsi, e.carrier, e.account_no, e.custom_no, e.sim_status, e.cycle_day)`);

/** The values that have changed, of which a line has one: an empty cell is null, and leaves the value as it is. */
function changedValuesOf(side: "l" | "e") {
  const names = ["iccid", "msisdn", "imsi", "carrier", "account_no", "custom_no", "sim_status", "cycle_day"];
  const pairs = names.map(
    (name) =>
      `'${name}', case when l.${name} is distinct from e.${name} and l.${name} is not null then ${side}.${name} end`,
  );
  return raw(`jsonb_strip_nulls(jsonb_build_object(${pairs.join(", ")}))`);
}

/** What becomes of existing cards, for their history: of changed ones only, and of these only what has changed. */
async function insertChanges(db: Db, eventNo: number): Promise<void> {
  await db.query(sql`
    insert into card_change (serial_no, event_no, before, after)
    select l.serial_no, ${eventNo}::bigint, ${changedValuesOf("e")}, ${changedValuesOf("l")}
    from import_line l
    join import_existing e on e.serial_no = l.serial_no
    where ${live} and ${changes}
    order by l.serial_no
  `);
}

/**
 * The changed ones of the existing cards. Written as an insert that always conflicts, which Citus sends to the shards like
 * any other insert, where it limits updates from a local table. Lines with and without a sim_status go separately: without
 * one the column is not set at all, so that a change of it that commits meanwhile is not undone.
 */
async function updateCards(db: Db, withSimStatus: boolean): Promise<number> {
  const { rowCount } = await db.query(sql`
    insert into card (serial_no, iccid, msisdn, imsi, carrier, account_no, custom_no, sim_status, cycle_day, updated_at)
    select l.serial_no, coalesce(l.iccid, e.iccid), coalesce(l.msisdn, e.msisdn), coalesce(l.imsi, e.imsi), l.carrier,
      coalesce(l.account_no, e.account_no), coalesce(l.custom_no, e.custom_no), coalesce(l.sim_status, e.sim_status),
      coalesce(l.cycle_day, e.cycle_day), now()
    from import_line l
    join import_existing e on e.serial_no = l.serial_no
    where ${live} and l.sim_status is ${raw(withSimStatus ? "not null" : "null")} and ${changes}
    order by l.serial_no
    on conflict (serial_no) do update set
      iccid = excluded.iccid, msisdn = excluded.msisdn, imsi = excluded.imsi, carrier = excluded.carrier,
      account_no = excluded.account_no, custom_no = excluded.custom_no, cycle_day = excluded.cycle_day,
      ${raw(withSimStatus ? "sim_status = excluded.sim_status," : "")}
      updated_at = excluded.updated_at
  `);
  return rowCount ?? 0;
}

async function insertIdentifiers(db: Db): Promise<void> {
  await db.query(sql`
    insert into card_identifier (value, kind, qualifier, serial_no)
    select c.value, c.kind, c.qualifier, c.serial_no
    from import_claim c
    where not exists (select from import_held h where h.line_no = c.line_no and h.kind = c.kind and h.holder = c.serial_no)
    order by c.value, c.kind, c.qualifier
  `);
}

/** Tells every server when the transaction commits: usage records may wait for these cards. */
async function notifyCards(db: Db): Promise<void> {
  await db.query(sql`select pg_notify(${cardsChannel}, '')`);
}
