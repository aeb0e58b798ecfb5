/** The gate on a statement: the engine's answer with the platform's own counts beside every cell. */
import type { Verdict } from '../../domain/release/verdict.ts'
import { strictest } from '../../domain/release/policy.ts'
import { releaseQuery } from '../../domain/disclosure/query-rules.ts'
import { arranged } from '../../domain/sql/answer.ts'
import { evaluate } from '../../domain/sql/formula.ts'
import type { JobProblem } from '../../domain/release/job-codes.ts'
import type { ReleasedCell } from '../../domain/release/outputs.ts'
import { noiseQuery } from '../../domain/privacy/query-noise.ts'
import { selectionOfSet } from '../../domain/sql/selection.ts'
import type { QueryResult } from '../../domain/sql/result.ts'
import type { Deps } from '../kernel/deps.ts'
import type { JobItem } from '../kernel/items.ts'
import { readJsonIfThere } from '../kernel/stored-json.ts'
import { type Log, objectOf } from '../workflow/job-item.ts'
import type { Decision } from './decision.ts'
import { drawn, type Judged, outcomeOf, type Place } from './judge.ts'
import { cohortCell, type LedgerCell } from './told-before.ts'

type Answer = { result: QueryResult } | { problem: JobProblem & { message?: string } }

async function answerOf(deps: Deps, job: JobItem): Promise<Answer | undefined> {
  try {
    return await readJsonIfThere<Answer>(deps, 'quarantine', objectOf.query(job.jobId))
  } catch (e) {
    if (e instanceof SyntaxError) return undefined
    throw e
  }
}

/** The engine's answer; undefined when quarantine is empty: the platform failed. */
export async function judgeQuery(deps: Deps, { job, dataset }: Place): Promise<Judged | undefined> {
  const answer = await answerOf(deps, job)
  if (!answer) return undefined
  const confinement = 'duckdb'
  if ('problem' in answer) {
    const { message, ...problem } = answer.problem
    return {
      problem,
      findings: [],
      confinement,
      log: {
        subjects: job.subjects,
        runs: [],
        message,
      },
    }
  }
  const { result } = answer
  const policy = strictest(dataset.policy.disclosure)
  const log: Log = { subjects: result.cohort.subjects, runs: [] }
  const verdict =
    job.mode === 'noise' ? noiseQuery(result, BigInt(job.charge!), drawn(deps)) : releaseQuery(result, policy)
  return {
    ...outcomeOf(job, verdict, job.mode === 'review', {
      cells: queryCells(job, result, policy.minimumSubjects, job.mode === 'rules' ? verdict.told : undefined),
      image: deps.settings.version,
      files: [],
      raw: () => rawTable(result),
    }),
    confinement,
    log,
  }
}

const questionOf = ({ people, asked }: { people?: string; asked?: string }): Pick<LedgerCell, 'people' | 'asked'> => ({
  people,
  asked,
})

/**
 * Sets of subjects that a query's answer tells of: the cohort, and every row and part of a row that is shown. Who
 * merely has a value is shown in coarse steps alone.
 */
const queryCells = (job: JobItem, result: QueryResult, minimum: number, told?: Verdict['told']): LedgerCell[] => [
  cohortCell(job.cohort, result.cohort.subjects, result.cohort.fingerprint),
  ...result.rows.flatMap((row, index) =>
    [
      ...(!told || told[index]!.length > 0
        ? [
            {
              subjects: row.subjects,
              fingerprint: row.fingerprint,
              selection: result.selections[index]!,
              ...questionOf(row),
            },
          ]
        : []),
      ...row.sets.flatMap((set, place) =>
        set.natural || (told && !told[index]!.includes(place))
          ? []
          : [
              {
                subjects: set.subjects,
                fingerprint: set.fingerprint,
                selection: selectionOfSet(result.selections[index]!, place),
                ...questionOf(set),
              },
            ],
      ),
    ].filter((cell) => cell.subjects >= minimum),
  ),
]

/** A query's answer as it stands, arranged as asked: what checkers look at under `review`. */
function rawTable(result: QueryResult): Decision['outputs'] {
  const { columns } = result
  const rows = result.rows.map((row) => {
    const cells: ReleasedCell[] = row.values.map((value) => ({ value }))
    for (const [place, column] of columns.entries()) if (column.formula) cells[place] = evaluate(column.formula, cells)
    return { cells }
  })
  const shown = columns.flatMap((c, i) => (c.hidden ? [] : [i]))
  return [
    {
      name: 'result',
      type: 'table',
      columns: shown.map((i) => ({ name: columns[i]!.name, kind: columns[i]!.kind })),
      rows: arranged(rows, result).map((r) => shown.map((i) => r.cells[i]!)),
    },
  ]
}
