/** By how many subjects two answers differ, or the sets of two rows. */
import { literal } from '../../domain/sql/expr.ts'
import { planOf } from '../../domain/sql/plan.ts'
import { parseSelection, type Selection } from '../../domain/sql/selection.ts'
import { openCohort } from './cohort.ts'
import { type Duck, openDuck } from './duckdb.ts'
import { parseWith } from './parse.ts'
import type { Request } from './request.ts'
import { rewriteSelection } from './selection-sql.ts'

/**
 * One of the sets of `difference` as a table of its own: subject `s`, rows `n`, and a hash `h<i>` of the subject's rows
 * of each table in it.
 */
async function pickedTable(
  duck: Duck,
  data: Extract<Request, { kind: 'difference' }>['data'],
  selection: Selection,
  name: string,
): Promise<(string | undefined)[]> {
  const prefix = `${name}_`
  if (selection.digests) {
    await duck.run(
      `CREATE TEMP TABLE ${name} AS SELECT CAST(range AS INTEGER) AS s, 1 AS n FROM range(${data.subjects}) WHERE hash(CAST(range AS INTEGER)) IN (NULL${selection.digests.map((d) => `, CAST('${BigInt(`0x${d}`)}' AS UBIGINT)`).join('')})`,
    )
    return []
  }
  await openCohort(duck, data, selection.cohort, prefix)
  if (selection.sql === undefined) {
    await duck.run(
      `CREATE TEMP TABLE ${name} AS ${selection.cohort.length === 0 ? `SELECT CAST(range AS INTEGER) AS s, 1 AS n FROM range(${data.subjects})` : `SELECT __subject AS s, 1 AS n FROM "${prefix}__cohort"`}`,
    )
    return []
  }
  const plan = planOf(await parseWith(duck, selection.sql), selection.sql, data.schema)
  // The same statement over this side's views.
  for (const table of plan.from.tables)
    await duck.run(`CREATE OR REPLACE TEMP VIEW "${table}" AS FROM "${prefix}${table}"`)
  const { sql, tables } = rewriteSelection(
    plan,
    selection.set ?? -1,
    selection.keys ?? [],
    selection.rolledUp ?? [],
    literal,
  )
  await duck.run(`CREATE TEMP TABLE ${name} AS ${sql}`)
  return tables
}

/**
 * Subjects in one of two selections and not in the other, or in both with other rows. Both texts are checked like any
 * query.
 *
 * Rows of one table are compared wherever it stands in either FROM; and where a subject's rows are the same on both
 * sides, whoever has another number of joined rows than all others of the same number is apart as well (a pair can be
 * left out of a join whose two sides are whole). The smallest number that is not 0 counts.
 */
export async function difference({
  data,
  a: oneText,
  b: otherText,
}: Extract<Request, { kind: 'difference' }>): Promise<number> {
  const duck = await openDuck({ files: data.tables.map((t) => t.path), memoryMb: 2048 })
  try {
    const [tablesOfOne, tablesOfOther] = [
      await pickedTable(duck, data, parseSelection(oneText), 'x'),
      await pickedTable(duck, data, parseSelection(otherText), 'y'),
    ]
    const shared = tablesOfOne.flatMap((t, i) =>
      tablesOfOther.flatMap((u, j) => (t !== undefined && t === u ? [`x.h${i} = y.h${j}`] : [])),
    )
    const joined = 'FROM x FULL JOIN y ON x.s = y.s'
    const alone = 'x.s IS NULL OR y.s IS NULL'
    const counts = (
      await duck.rows(
        `SELECT ${[`count(*) FILTER (WHERE ${alone})`, ...shared.map((same) => `count(*) FILTER (WHERE ${alone} OR NOT (${same}))`)].join(', ')} ${joined}`,
      )
    )[0]!.map(Number)
    const odd = (by: string, same: string): string =>
      `SELECT coalesce(sum(m) - sum(most), 0) FROM (SELECT sum(c) AS m, max(c) AS most FROM (SELECT x.n AS nx, y.n AS ny, count(*) AS c ${joined} WHERE NOT (${alone}) AND ${same} GROUP BY ALL) GROUP BY ${by})`
    for (const same of shared)
      for (const by of ['nx', 'ny']) counts.push(Number((await duck.rows(odd(by, same)))[0]![0]))
    const apart = counts.filter((n) => n > 0)
    return apart.length === 0 ? 0 : Math.min(...apart)
  } finally {
    duck.close()
  }
}
