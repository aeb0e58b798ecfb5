/**
 * The rules of `rules` on an aggregate query's answer: what the platform counted decides, cell by cell, and whatever
 * leaves is a number that nobody can take apart. Minimum, dominance and p-ratio after ACRO; rounding after OpenSAFELY;
 * complementary suppression over every total that could be asked for.
 */
import type { ReleasedCell, ReleasedOutput } from '../release/outputs.ts'
import type { Aggregate, QueryColumn, QueryResult, QueryRow, QuerySet } from '../sql/result.ts'
import { type CellFacts, type PeopleApart, rulesBrokenBy } from './cell-rules.ts'
import { shownCount, significant, upTo } from './rounding.ts'
import type { Verdict } from '../release/verdict.ts'
import type { DisclosurePolicy, Finding, Rule } from '../release/policy.ts'
import { latticeOf } from './query-margins.ts'
import { arranged, total } from '../sql/answer.ts'
import { evaluate } from '../sql/formula.ts'
import { suppress } from './suppression.ts'

/** Significant digits of a plain number. */
const digits = 4
/** Suppressed cells above which no pattern is looked for: the answer is blocked. */
const mostSuppressed = 300
/** Declared groups that are filled in, so that a group that is not shown may as well be empty. */
const mostFilled = 200
const output = 'result'
const guarantee =
  'Every number is made of at least the policy’s minimum of people, counted by the platform; small, dominated and recomputable cells were taken out.'

const block = (code: Verdict['code'], findings: Finding[]): Verdict => ({
  outcome: 'block',
  ...(code ? { code } : {}),
  outputs: [],
  findings,
  guarantee,
})
const measured = (c: QueryColumn): boolean => c.kind !== 'group' && c.formula === undefined

/** Parameters of the line that a statistic of two columns is about. */
const fittedParameters: Partial<Record<Aggregate, number>> = { correlation: 2, slope: 2, intercept: 2, covariance: 2 }

/** What the rules look at in a cell of a measured column. */
function factsOf(row: QueryRow, at: number, column: QueryColumn): CellFacts {
  return {
    rowSubjects: row.subjects,
    subjects: row.columnSubjects[at]!,
    counts: column.kind === 'count',
    apart: apartOf(row, column),
    contributions: row.contributions[at] ?? null,
    quantile: isQuantile(column) ? (column.quantile ?? 0.5) : undefined,
    parameters: column.aggregate && fittedParameters[column.aggregate],
  }
}
const isQuantile = (column: QueryColumn): boolean => column.aggregate === 'quantile' || column.aggregate === 'median'

/**
 * How many people stand between the part of the row that a column is about and each part before it; the whole row is
 * not compared with a column of counts of values, as how many are missing is shown in steps alone.
 */
function apartOf(row: QueryRow, column: QueryColumn): PeopleApart[] {
  const own = column.set === undefined ? undefined : row.sets[column.set]
  if (own === undefined) return []
  return own.apart
    .filter(({ other }) => other < column.set! && !(other === wholeRow && column.presence))
    .map(({ other, subjects }) => ({ subjects, natural: isNatural(own) || isNatural(row.sets[other]) }))
}
const wholeRow = -1
const isNatural = (set: QuerySet | undefined): boolean => set?.natural === true

/** A measured number as it may be shown. */
function shown(row: QueryRow, c: number, column: QueryColumn, policy: DisclosurePolicy): ReleasedCell {
  const v = row.values[c]
  if (typeof v !== 'number' || !Number.isFinite(v)) return { value: null }
  const counted = (n: number): ReleasedCell => {
    const s = shownCount(n, policy)
    return s === undefined
      ? { value: null, suppressed: true }
      : { value: s, ...(policy.roundTo > 1 ? { precision: policy.roundTo } : {}) }
  }
  if (column.presence) {
    const step = policy.minimumSubjects
    const near = counted(row.rows - step * Math.round((row.rows - v) / step))
    return near.suppressed ? near : { ...near, precision: step }
  }
  if (column.kind === 'count') return counted(v)
  // Of several columns, some missing for a few: they count for those who have all, which another answer could show
  // without them.
  const without = column.mixed === undefined ? 0 : row.subjects - row.mixed![column.mixed]!
  if (without > 0 && without < policy.minimumSubjects) return coarse(v, row.columnSubjects[c]!, column, policy)
  // Total and mean together would give the count that rounding hides.
  if (column.aggregate === 'sum' && policy.roundTo > 1) {
    const s = shownCount(row.rows, policy) ?? 0
    return significant(row.rows > 0 ? (v / row.rows) * s : 0, digits - 1)
  }
  // To the digits of what was added up, not of what is left of it: shifting a column so that its sum vanishes would
  // show more of each part.
  const size =
    row.contributions[c] && (column.aggregate === 'sum' || column.aggregate === 'mean')
      ? row.contributions[c]!.total / (column.aggregate === 'sum' ? 1 : Math.max(1, row.rows))
      : 0
  return significant(v, column.indicator && policy.roundTo > 1 ? 2 : digits, size)
}

/** In steps that a minimum of people could make: of the declared range where there is one. */
function coarse(v: number, n: number, column: QueryColumn, policy: DisclosurePolicy): ReleasedCell {
  if (column.aggregate !== 'sum' && column.aggregate !== 'mean') return significant(v, 2)
  if (column.low === undefined || column.high === undefined) return { value: null, suppressed: true }
  return upTo(v, (policy.minimumSubjects * (column.high - column.low)) / (column.aggregate === 'mean' ? n : 1))
}

/**
 * Whether each of its values may be shown though few or none have it: named categories, and conditions. A range of
 * whole numbers would fill a table with rows that say nothing; there, few and none are both left out.
 */
const listed = (c: QueryColumn): boolean =>
  c.values !== undefined && (c.values.length <= 2 || c.values.every((v) => typeof v !== 'number'))

/** Judges an answer. What is suppressed is named by position and rule. */
export function releaseQuery(found: QueryResult, policy: DisclosurePolicy): Verdict {
  const result = withNobody(found)
  const { columns, rows } = result
  if (result.cohort.subjects < policy.minimumSubjects)
    return block('cohort-too-small', [{ output, rule: 'minimum-subjects', outcome: 'fail' }])
  if (result.truncated || rows.length > policy.rows)
    return block('output-limit', [{ output, rule: 'size', outcome: 'fail' }])
  const asked = columns.flatMap((c, i) => (measured(c) ? [i] : []))
  const primary = rows.map(
    (row) =>
      new Map(
        asked.flatMap((c): [number, Rule][] => {
          const [rule] = rulesBrokenBy(factsOf(row, c, columns[c]!), policy)
          return rule ? [[c, rule]] : []
        }),
      ),
  )
  const hidden = patterns(result, asked, primary, policy)
  if (!hidden) return block('output-unsafe', [{ output, rule: 'complementary', outcome: 'fail' }])

  const declared = columns.every((c) => c.kind !== 'group' || listed(c))
  const kept: { cells: ReleasedCell[]; rules: (Rule | undefined)[]; row?: QueryRow }[] = []
  let dropped = 0
  for (const [r, row] of rows.entries()) {
    const unsafe = row.subjects < policy.minimumSubjects
    // A group that is there only because of a few people must not be seen to be there.
    const missingKey = columns.some((c, i) => c.kind === 'group' && row.values[i] === null && !row.rolledUp.includes(i))
    if (unsafe && (!declared || missingKey || tooMany(result))) {
      dropped++
      continue
    }
    const cells = columns.map((c, i): ReleasedCell =>
      c.kind === 'group'
        ? { value: row.rolledUp.includes(i) ? total : (row.values[i] ?? null) }
        : c.formula
          ? { value: null }
          : hidden[r]!.has(i)
            ? { value: null, suppressed: true }
            : shown(row, i, c, policy),
    )
    for (const [i, c] of columns.entries()) if (c.formula) cells[i] = evaluate(c.formula, cells)
    kept.push({ cells, rules: columns.map((c, i) => (c.formula ? undefined : hidden[r]!.get(i))), row })
  }
  if (declared && !tooMany(result)) fill(result, kept)
  const findings: Finding[] = []
  if (dropped > 0) findings.push({ output, rule: 'minimum-subjects', outcome: 'suppress' })
  const visible = columns.flatMap((c, i) => (c.hidden ? [] : [i]))
  const released = arranged(kept, result)
  for (const [r, { cells, rules }] of released.entries())
    for (const [at, i] of visible.entries())
      if (cells[i]!.suppressed && findings.length < 1000)
        findings.push({
          output,
          cell: `${r + 1}/${at + 1}`,
          rule: rules[i] ?? (columns[i]!.formula ? 'complementary' : 'minimum-subjects'),
          outcome: 'suppress',
        })
  if (policy.roundTo > 1 && columns.some((c) => c.kind === 'count'))
    findings.push({ output, rule: 'rounding', outcome: 'round' })
  if (!released.some((k) => visible.some((i) => columns[i]!.kind !== 'group' && !k.cells[i]!.suppressed)))
    return block(found.rows.length === 0 ? 'cohort-too-small' : 'output-unsafe', [
      { output, rule: 'minimum-subjects', outcome: 'fail' },
    ])
  const table: ReleasedOutput = {
    name: output,
    type: 'table',
    columns: visible.map((i) => ({ name: columns[i]!.name, kind: columns[i]!.kind })),
    rows: released.map((k) => visible.map((i) => k.cells[i]!)),
  }
  return {
    outcome: 'release',
    outputs: [table],
    findings,
    guarantee,
    told: rows.map((_, r) =>
      kept.flatMap((k) =>
        k.row === rows[r] ? asked.filter((c) => !k.cells[c]!.suppressed).map((c) => columns[c]!.set ?? -1) : [],
      ),
    ),
  }
}

/**
 * With an empty row for each value that a made condition could have and nobody has, so that it is hidden, and
 * protected, just as a few people would be.
 */
function withNobody(result: QueryResult): QueryResult {
  const { columns, rows } = result
  const made = columns.flatMap((c, i) => (c.made ? [i] : []))
  if (made.length === 0 || rows.length === 0 || rows.length > mostFilled) return result
  const groups = columns.flatMap((c, i) => (c.kind === 'group' ? [i] : []))
  const keyOf = (r: Pick<QueryRow, 'values' | 'rolledUp'>): string =>
    JSON.stringify(groups.map((g) => (r.rolledUp.includes(g) ? [] : r.values[g])))
  const there = new Map(rows.map((r) => [keyOf(r), r]))
  for (const g of made)
    for (const r of there.values())
      if (!r.rolledUp.includes(g))
        for (const v of columns[g]!.values!) {
          const row: QueryRow = {
            ...r,
            values: r.values.map((old, i) => (i === g ? v : columns[i]!.kind === 'group' ? old : null)),
            rows: 0,
            subjects: 0,
            columnSubjects: columns.map(() => 0),
            contributions: columns.map(() => null),
            sets: [],
          }
          if (!there.has(keyOf(row))) there.set(keyOf(row), row)
        }
  return { ...result, rows: [...there.values()] }
}

/** How many cells the declared groups make. */
const cellsOf = (result: QueryResult): number =>
  result.columns.reduce((n, c) => (c.kind === 'group' ? n * (c.values?.length ?? Infinity) : n), 1)
const tooMany = (result: QueryResult): boolean => cellsOf(result) > mostFilled

/** Adds the declared groups that have no row, as suppressed ones: empty and small look the same. */
function fill(
  result: QueryResult,
  kept: { cells: ReleasedCell[]; rules: (Rule | undefined)[]; row?: QueryRow }[],
): void {
  const { columns } = result
  const groups = columns.flatMap((c, i) => (c.kind === 'group' ? [i] : []))
  if (groups.length === 0) return
  const keyOf = (rolled: readonly number[], values: readonly unknown[]): string =>
    JSON.stringify(groups.map((g) => (rolled.includes(g) ? [] : values[g])))
  const there = new Set(
    kept.map((k) =>
      keyOf(
        k.row!.rolledUp,
        k.cells.map((c) => c.value),
      ),
    ),
  )
  for (const rolled of new Map(result.rows.map((r) => [r.rolledUp.join(), r.rolledUp])).values()) {
    let combinations: unknown[][] = [columns.map((_, i) => (rolled.includes(i) ? total : null))]
    for (const g of groups)
      if (!rolled.includes(g))
        combinations = combinations.flatMap((c) =>
          columns[g]!.values!.map((v) => c.map((old, i) => (i === g ? v : old))),
        )
    for (const values of combinations)
      if (!there.has(keyOf(rolled, values)))
        kept.push({
          cells: columns.map((c, i): ReleasedCell =>
            c.kind === 'group' ? { value: values[i] as ReleasedCell['value'] } : { value: null, suppressed: true },
          ),
          rules: columns.map((c) => (c.kind === 'group' ? undefined : 'minimum-subjects')),
        })
  }
}

/**
 * Per row, the columns that stay hidden and why: what breaks a rule, and what would give it back. Undefined when that
 * cannot be made safe.
 */
function patterns(
  result: QueryResult,
  asked: readonly number[],
  primary: readonly ReadonlyMap<number, Rule>[],
  policy: DisclosurePolicy,
): Map<number, Rule>[] | undefined {
  const hidden = primary.map((p) => new Map(p))
  if (primary.every((p) => p.size === 0) || !result.columns.some((c) => c.kind === 'group')) return hidden
  const lattice = latticeOf(result)
  if (!lattice) return undefined
  const people = lattice.valuesOf(result.rows.map((r) => r.subjects))
  // A total of a few people is no more to be had elsewhere than here.
  const secret = lattice.elsewhere.filter((c) => people[c]! < policy.minimumSubjects)
  const known = new Set(lattice.elsewhere.filter((c) => people[c]! >= policy.minimumSubjects))
  const memo = new Map<string, Set<number> | undefined>()
  for (const c of asked) {
    const own = primary.flatMap((p, r) => (p.has(c) ? [r] : []))
    if (own.length === 0) continue
    if (own.length > mostSuppressed) return undefined
    const additive = result.columns[c]!.aggregate === 'count'
    const perRow = result.rows.map((r) => (additive ? Number(r.values[c] ?? 0) : r.rows))
    const key = JSON.stringify([own, additive ? c : 'rows'])
    if (!memo.has(key))
      memo.set(key, suppress(lattice.valuesOf(perRow), new Set([...own, ...secret]), lattice.equations, known))
    const pattern = memo.get(key)
    for (const r of result.rows.keys())
      if ((pattern === undefined || pattern.has(r)) && !hidden[r]!.has(c)) hidden[r]!.set(c, 'complementary')
  }
  return hidden
}
