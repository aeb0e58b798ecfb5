/** The exact integer sums that noise is added to later, by the gate. They go to quarantine, never further. */
import type { Plan } from '../../domain/sql/plan.ts'
import type { Scalar } from '../../domain/release/outputs.ts'
import { cellsOf, type NoiseSpec, type NoisyMeasure, quantileBins, steps } from '../../domain/sql/noise-plan.ts'
import type { QueryResult, QueryRow } from '../../domain/sql/result.ts'
import { hex64 } from './cohort.ts'
import { columnsOf, keyOfColumn, rolledKeys, scalarOf } from './columns.ts'
import type { Duck } from './duckdb.ts'
import { bind, shownKey } from './bound-measures.ts'

const doubleLiteral = (v: number): string => `CAST('${v}' AS DOUBLE)`
const cast = (sql: string): string => `CAST(round(${sql}) AS BIGINT)`

/** Parts of one measure over `x`, a subject's clamped value in a cell; missing when they have none. */
function parts(measure: NoisyMeasure, value: string): string[] {
  const centre = `((${value} - ${doubleLiteral((measure.low + measure.high) / 2)}) / ${doubleLiteral(measure.scale)})`
  switch (measure.kind) {
    case 'count':
      return [`count(*) FILTER (WHERE ${value})`]
    case 'sum':
      return [`coalesce(sum(${cast(`${value} / ${doubleLiteral(measure.scale)} * ${steps}`)}), 0)`]
    case 'mean':
      return [`count(${value})`, `coalesce(sum(${cast(`${centre} * ${steps}`)}), 0)`]
    case 'variance':
    case 'deviation':
      return [
        `count(${value})`,
        `coalesce(sum(${cast(`${centre} * ${steps}`)}), 0)`,
        `coalesce(sum(${cast(`${centre} * ${centre} * ${steps}`)}), 0)`,
      ]
    case 'quantile':
      return Array.from(
        { length: quantileBins },
        (_, i) =>
          `count(*) FILTER (WHERE least(${quantileBins - 1}, floor((${value} - ${doubleLiteral(measure.low)}) / ${doubleLiteral(measure.scale)})) = ${i})`,
      )
  }
}

/** The statement: first one row per (cell, subject), then at most `perSet` cells of each subject, then sums. */
function statement(plan: Plan, spec: NoiseSpec): string {
  const { bound, sets, columns } = bind(plan)
  const keys = plan.keys.map((_, i) => `k${i}`)
  const shown = plan.keys.map((k, i) => `${shownKey(k)} AS k${i}`)
  const projection = `SELECT ${[`${plan.from.subject} AS s`, ...shown, ...columns.map((c, i) => `${c} AS a${i}`), ...sets.map((p, i) => `coalesce(${p}, FALSE) AS p${i}`)].join(', ')} FROM ${plan.from.sql}${plan.where}`
  const gid = keys.length ? `grouping(${keys.join(', ')})` : '0'
  // DuckDB's greatest and least pass over what is missing: it must not become a bound.
  const each = bound.map((boundMeasure, index) => {
    const measure = spec.measures[index]!
    const on = boundMeasure.filter === undefined ? '' : ` FILTER (WHERE p${boundMeasure.filter})`
    return measure.kind === 'count'
      ? `${boundMeasure.set === undefined ? 'TRUE' : `bool_or(p${boundMeasure.set})`} AS x${index}`
      : `avg(CASE WHEN ${boundMeasure.x} IS NOT NULL THEN greatest(${doubleLiteral(measure.low)}, least(${doubleLiteral(measure.high)}, ${boundMeasure.x})) END)${on} AS x${index}`
  })
  const grouped =
    keys.length === 0
      ? ' GROUP BY s'
      : ` GROUP BY GROUPING SETS (${plan.sets.map((s) => `(${[...s.map((k) => `k${k}`), 's'].join(', ')})`).join(', ')})`
  const cells = `SELECT ${[`${gid} AS gid`, ...keys, 's', ...each].join(', ')} FROM (${projection})${grouped}`
  const limits = plan.sets.map((s, i) => `WHEN ${idOf(s, keys.length)} THEN ${spec.perSet[i]}`).join(' ')
  const bounded =
    plan.from.rows.length > 0 && keys.length > 0
      ? `SELECT * FROM (${cells}) QUALIFY row_number() OVER (PARTITION BY gid, s ORDER BY hash(s, ${keys.join(', ')})) <= CASE gid ${limits} END`
      : cells
  return `SELECT ${['gid', ...keys, 'count(*) AS n', 'bit_xor(hash(s)) AS fp', ...spec.measures.flatMap((m, i) => parts(m, `x${i}`).map((sql, j) => `${sql} AS q${i}_${j}`))].join(', ')} FROM (${bounded})${keys.length ? ` GROUP BY ${['gid', ...keys].join(', ')}` : ' GROUP BY gid'}`
}
/** The grouping id of a set: a bit for each key that is rolled up, the first key highest. */
const idOf = (set: readonly number[], keys: number): number =>
  Array.from({ length: keys }, (_, i) => (set.includes(i) ? 0 : 2 ** (keys - 1 - i))).reduce((a, b) => a + b, 0)

const most = 50_000

export async function computeNoise(
  duck: Duck,
  plan: Plan,
  spec: NoiseSpec,
  cohort: QueryResult['cohort'],
): Promise<QueryResult> {
  const table = await duck.table(`${statement(plan, spec)} LIMIT ${most + 1}`)
  const { columns, columnOfMeasure, measureOfColumn } = columnsOf(plan, bind(plan).bound)
  const keys = keyOfColumn(plan, columns)
  const nothing = spec.measures.map((m) => m.bounds.map(() => '0'))
  const rowOf = (
    gone: readonly number[],
    values: readonly Scalar[],
    subjects: number,
    fingerprint: string,
    exact: string[][],
  ): QueryRow => ({
    values: columns.map((_, column) => {
      const key = keys.get(column)
      return key === undefined ? null : values[key]!
    }),
    rows: subjects,
    subjects,
    columnSubjects: columns.map(() => subjects),
    contributions: columns.map(() => null),
    fingerprint,
    sets: [],
    rolledUp: [...keys].filter(([, k]) => gone.includes(k)).map(([c]) => c),
    exact: columns.map((_, column) => {
      const measure = measureOfColumn.get(column)
      return measure === undefined ? null : exact[measure]!
    }),
  })
  const found = new Map<string, QueryRow>()
  for (const row of table.rows) {
    const gid = Number(row[table.at.get('gid')!])
    const values = plan.keys.map((_, i) => scalarOf(row[table.at.get(`k${i}`)!]))
    const exact = spec.measures.map((m, i) => m.bounds.map((_, j) => String(row[table.at.get(`q${i}_${j}`)!] ?? 0)))
    found.set(
      JSON.stringify([gid, values]),
      rowOf(
        rolledKeys(gid, plan.keys.length),
        values,
        Number(row[table.at.get('n')!]),
        hex64(row[table.at.get('fp')!]),
        exact,
      ),
    )
  }
  const rows = spec.domains
    ? everyCell(plan, spec.domains).map(
        ({ gid, values }) =>
          found.get(JSON.stringify([gid, values])) ??
          rowOf(rolledKeys(gid, plan.keys.length), values, 0, hex64(0), nothing),
      )
    : [...found.values()]
  const truncated = table.rows.length > most
  return {
    columns,
    rows: truncated ? [] : rows,
    cohort,
    selections: [],
    mode: 'noise',
    truncated,
    ...(plan.order.length ? { order: plan.order.map((o) => ({ column: o.output, descending: o.descending })) } : {}),
    ...(plan.limit === undefined ? {} : { limit: plan.limit }),
    noise: {
      rowsPerSubject: cellsOf(spec),
      declaredGroups: spec.domains !== undefined,
      parts: [...columnOfMeasure].map(([m, column]) => ({ column, ...spec.measures[m]! })),
    },
  }
}

/** Every cell that the declared values make, whether anybody is in it or not. */
function everyCell(plan: Plan, domains: readonly (readonly Scalar[])[]): { gid: number; values: Scalar[] }[] {
  return plan.sets.flatMap((set) => {
    let cells: Scalar[][] = [[]]
    for (const [key, domain] of domains.entries())
      cells = cells.flatMap((c) => (set.includes(key) ? domain : [null]).map((v) => [...c, v]))
    return cells.map((values) => ({ gid: idOf(set, domains.length), values }))
  })
}
