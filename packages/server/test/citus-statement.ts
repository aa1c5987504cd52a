import { type TablePlacement, placements } from "../src/db/distribute.ts";

/**
 * What Citus refuses in a statement, or does only at a price, as far as its text shows. The rules are those of Citus's own
 * documentation and planner; each says what to write instead. Returns what is wrong, for a person.
 */
export function citusProblems(statement: string): string[] {
  const levels = levelsOf(normalised(statement));
  return levels.flatMap((level) => rules.flatMap((rule) => rule(level, levels)));
}

/**
 * What Citus refuses in a transaction: a change of a small table that sharded ones refer to, once a statement has been sent
 * to several shards, since each of these goes by a connection of its own and cannot see the change. The other way round it
 * sends them one after the other. Returns what is wrong, for a person.
 */
export function lateWrites(statements: readonly string[], referredTo: ReadonlySet<string>): string[] {
  const first = statements.findIndex(concernsSeveralShards);
  if (first === -1) return [];
  return statements.slice(first + 1).flatMap((statement) => {
    const [, table = ""] = /^(?:insert into|update|delete from) (\w+)/.exec(normalised(statement)) ?? [];
    return referredTo.has(table)
      ? [`changes ${table} after ${normalised(statements[first] ?? "").slice(0, 80)}; change it first`]
      : [];
  });
}

function concernsSeveralShards(statement: string): boolean {
  const text = normalised(statement);
  return levelsOf(text).some(({ text: own, tables }) =>
    tables
      .filter(isSharded)
      .some(({ placement }) => !new RegExp(`\\b${placement.shardKey} = (?:\\$\\d+|'')`).test(own)),
  );
}

/** A query without those within it: a subquery stands there as "(?)". Either side of a set operation is one of its own. */
interface Level {
  readonly text: string;
  /** 0 for the statement itself. */
  readonly depth: number;
  readonly tables: readonly Reference[];
  /** What columns may be written behind: the aliases, or names, of what stands in from and join. */
  readonly aliases: readonly string[];
}

interface Reference {
  readonly placement: TablePlacement;
  readonly alias: string;
}

const byName = new Map(placements.map((placement) => [placement.table, placement]));

function normalised(statement: string): string {
  return statement
    .replaceAll(/'(?:[^']|'')*'/g, "''")
    .replaceAll(/--[^\n]*/g, "")
    .replaceAll(/\s+/g, " ")
    .replaceAll(/\( /g, "(")
    .replaceAll(/ \)/g, ")")
    .trim()
    .toLowerCase();
}

function levelsOf(text: string, depth = 0): Level[] {
  const inner: Level[] = [];
  let own = "";
  for (let at = 0; at < text.length; at++) {
    if (!/^\((?:with|select)\b/.test(text.slice(at, at + 8))) {
      own += text[at];
      continue;
    }
    const end = closingParenthesis(text, at);
    inner.push(...levelsOf(text.slice(at + 1, end), depth + 1));
    own += "(?)";
    at = end;
  }
  const sides = own.split(/ (?:union all|union|except|intersect) /);
  return [...sides.map((side) => levelOf(side, depth)), ...inner];
}

function closingParenthesis(text: string, open: number): number {
  let depth = 0;
  for (let at = open; at < text.length; at++) {
    if (text[at] === "(") depth++;
    if (text[at] === ")" && --depth === 0) return at;
  }
  return text.length;
}

const keywords = new Set(
  "where on set join left right inner cross order group limit using values select for".split(" "),
);

function levelOf(text: string, depth: number): Level {
  const tables: Reference[] = [];
  const aliases: string[] = [];
  const items = text.matchAll(
    /\b(?:from|join|into|update|using|copy)\s+(\(\?\)|\w+)(?:\((?:[^()]|\([^()]*\))*\))?(?:\s+(?:as\s+)?(\w+))?/g,
  );
  for (const [, name = "", given] of items) {
    const alias = given === undefined || keywords.has(given) ? name : given;
    const placement = byName.get(name);
    aliases.push(alias);
    if (placement !== undefined) tables.push({ placement, alias });
  }
  return { text, depth, tables, aliases };
}

/** Whether Citus has its hands in a statement about it: not if it is an ordinary table of the coordinator. */
function isSpread({ placement }: Reference): boolean {
  return !placement.isLocal;
}

function isSharded({ placement }: Reference): boolean {
  return placement.shardKey !== null;
}

type Rule = (level: Level, all: readonly Level[]) => string[];

const rules: readonly Rule[] = [
  function localTablesKeepToThemselves(level, all) {
    const tables = all.flatMap((each) => each.tables);
    const local = tables.filter(({ placement }) => placement.isLocal);
    const sharded = tables.filter(isSharded);
    return level.depth > 0 || level !== all[0] || local.length === 0 || sharded.length === 0
      ? []
      : [
          `has ${local[0]?.placement.table}, which is on the coordinator, beside ${sharded[0]?.placement.table}, which is sharded; use two statements`,
        ];
  },

  function onlyTablesThatLieBesideEachOther({ tables }) {
    const groups = new Set(tables.filter(isSharded).map(({ placement }) => placement.beside));
    return groups.size > 1
      ? [`joins tables that are sharded differently: ${[...groups].join(", ")}; use two statements`]
      : [];
  },

  function joinsOnTheShardKey({ text, tables }) {
    const sharded = tables.filter(isSharded);
    if (sharded.length < 2) return [];
    return sharded
      .filter(
        ({ alias, placement }) =>
          !new RegExp(
            `\\b(\\w+\\.${placement.shardKey} = ${alias}\\.${placement.shardKey}|${alias}\\.${placement.shardKey} = \\w+\\.${placement.shardKey})\\b`,
          ).test(text),
      )
      .map(
        ({ alias, placement }) => `joins ${placement.table} (${alias}) on something else than ${placement.shardKey}`,
      );
  },

  function subqueriesThatReferToTheOutside(level, all) {
    if (level.depth === 0 || !all.some((other) => other.tables.some(isSharded))) return [];
    const outside = all.filter((other) => other.depth < level.depth).flatMap(({ aliases }) => aliases);
    const refers = outside.some(
      (alias) => !level.aliases.includes(alias) && new RegExp(`\\b${alias}\\.`).test(level.text),
    );
    if (!refers) return [];
    const found = [
      ...(/\blimit\b|\boffset\b/.test(level.text) ? ["a limit"] : []),
      ...(/\b(?:sum|min|max|count|avg|array_agg|json_agg|jsonb_agg|string_agg|bool_or|bool_and)\(/.test(level.text) &&
      !level.text.includes("group by")
        ? ["an aggregate"]
        : []),
    ];
    return found.map((what) => `has ${what} in a subquery that refers to the query around it; use two statements`);
  },

  function subqueriesThatStayOnTheirShards({ text, tables, depth }) {
    return depth > 0 && tables.some(isSharded) && /\boffset\b/.test(text) && !/\blimit\b/.test(text)
      ? ["has an offset in a subquery, all of whose rows would be brought together for it"]
      : [];
  },

  function locksOneShardOnly({ text, tables }) {
    if (!/ for (?:update|share|no key update|key share)\b/.test(text)) return [];
    return tables
      .filter(isSharded)
      .filter(({ placement }) => !new RegExp(`\\b${placement.shardKey} = (?:\\$\\d+|'')`).test(text))
      .map(
        ({ placement }) =>
          `locks rows of several shards of ${placement.table}; lock them by an update that changes nothing`,
      );
  },

  function keepsTheShardKey({ text, tables }) {
    const assigned = / set (.*?)(?: from | where |$)/.exec(text)?.[1];
    if (assigned === undefined) return [];
    return tables
      .filter(isSharded)
      .filter(({ placement }) => new RegExp(`(?:^|, )${placement.shardKey} =`).test(assigned))
      .map(({ placement }) => `changes ${placement.table}.${placement.shardKey}, by which it is sharded`);
  },

  function changesByImmutableFunctions({ text, tables }) {
    if (!tables.some(isSpread) || !/^(?:update|delete)\b/.test(text)) return [];
    const casts = [...text.matchAll(/\b[a-z_]\w*\.\w+(?:\[[^\]]*\])?::[\w[\]]+/g)].map(([cast]) => cast);
    const calls = [
      ...text.matchAll(
        /\b(to_char|to_timestamp|to_json|to_jsonb|concat|concat_ws|format|date_trunc|extract|random|gen_random_uuid|nextval|clock_timestamp)\(/g,
      ),
    ].map(([call]) => `${call})`);
    return [...casts, ...calls].map(
      (what) =>
        `has ${what} in an update or delete, which may not be immutable; let the select of an insert … on conflict compute it`,
    );
  },

  function conflictsWithoutFunctions({ text, tables }) {
    const set = / do update set (.*)$/.exec(text)?.[1];
    if (set === undefined || !tables.some(isSpread)) return [];
    return [...set.matchAll(/\b(\w+)\(/g)]
      .filter(([, name = ""]) => !["greatest", "least", "coalesce"].includes(name))
      .map(([call]) => `calls ${call}) in "do update set"; give the value to the insert and take excluded's`);
  },

  function temporaryTablesChangeByThemselves({ text, depth }, all) {
    if (depth > 0 || !/^(?:update|delete from) import_/.test(text)) return [];
    return all
      .flatMap(({ tables }) => tables)
      .map(
        ({ placement }) =>
          `changes a temporary table in view of ${placement.table}; select that into a temporary table first`,
      );
  },

  function deletesByUsing({ text, tables }) {
    return /^delete\b/.test(text) && tables.some(isSharded) && / in \(\?\)/.test(text)
      ? ["deletes rows of several shards by a subquery; use using"]
      : [];
  },

  function selectsSomething({ text, depth }) {
    return depth === 0 && /^select from\b/.test(text) ? ["selects no column; select 1"] : [];
  },

  function insertsNoSubquery({ text, tables }) {
    return tables.some(isSpread) && /^insert\b.* values \(.*\(\?\)/.test(text)
      ? ["has a subquery in values; insert from a select"]
      : [];
  },

  function windowsByTheShardKey({ text, tables }) {
    const sharded = tables.filter(isSharded);
    if (sharded.length === 0 || !/\bover\b/.test(text)) return [];
    return sharded
      .filter(({ placement }) => !new RegExp(`partition by [^)]*\\b${placement.shardKey}\\b`).test(text))
      .map(({ placement }) => `has a window over ${placement.table} that is not partitioned by ${placement.shardKey}`);
  },

  function outerJoinsBeginWithAShardedTable({ text, tables, aliases }) {
    const joined = tables
      .filter(isSharded)
      .filter(({ placement }) => new RegExp(`(?:left|full) join ${placement.table}\\b`).test(text));
    if (joined.length === 0 || tables.filter(isSharded).length > joined.length) return [];
    return [
      `joins ${joined[0]?.placement.table ?? ""} to the rows of ${aliases[0] ?? ""}, which are the same for every shard, by an outer join`,
    ];
  },
];
