/** From opened runs of a study to the two tables of a dataset: one row a run, and one row a trial. */
import { base32, sha256 } from '../hash.ts'
import type { Trial } from '../runs/opened.ts'
import { type CsvCell, writeCsv } from './csv.ts'

/** One run, opened. `who` is the participant's pseudonym, or the run's id where nobody is told apart. */
export interface StudyRun {
  who: string
  started: string
  seconds: number
  condition: string
  version: number
  trials: readonly Trial[]
}

/**
 * A subject as the dataset knows them: not to be found in the study or in another dataset, and the same for each run of
 * one pseudonym.
 */
export const subjectOf = async (datasetId: string, who: string): Promise<string> =>
  `s_${base32(await sha256(`subject ${datasetId} ${who}`)).slice(0, 16)}`

const own = ['subject', 'session', 'condition', 'version', 'part', 'seq'] as const
/** Columns that a dataset's table can have besides the platform's. */
const mostColumns = 1990

/** A column's name in the dataset: printable, short enough, and different from every other whatever the case. */
function columnNames(names: Iterable<string>): Map<string, string> {
  const taken = new Set<string>(own)
  return new Map(
    [...names].map((name) => {
      const plain =
        name
          .toWellFormed()
          .replaceAll(/\p{Cc}/gu, '_')
          .slice(0, 180) || 'column'
      let free = (own as readonly string[]).includes(plain.toLowerCase()) ? `data.${plain}` : plain
      for (let n = 2; taken.has(free.toLowerCase()); n++) free = `${plain}_${n}`
      taken.add(free.toLowerCase())
      return [name, free]
    }),
  )
}

const cell = (v: unknown): CsvCell =>
  v === null || v === undefined
    ? undefined
    : typeof v === 'number' || typeof v === 'boolean'
      ? v
      : typeof v === 'string'
        ? v.toWellFormed()
        : JSON.stringify(v)

/**
 * `participants.csv` and `trials.csv`. A participant's runs are numbered in the order they were started. Columns beyond
 * what a table can have are counted in `left`.
 */
export async function studyTables(
  datasetId: string,
  runs: readonly StudyRun[],
): Promise<{ participants: string; trials: string; left: number }> {
  const ordered = [...runs].sort((a, b) => (a.started < b.started ? -1 : 1))
  const sessions = new Map<string, number>()
  const rows = await Promise.all(
    ordered.map(async (r) => {
      const session = (sessions.get(r.who) ?? 0) + 1
      sessions.set(r.who, session)
      return { r, session, subject: await subjectOf(datasetId, r.who) }
    }),
  )
  const counted = new Map<string, number>()
  for (const r of ordered)
    for (const t of r.trials) for (const name of t.data.keys()) counted.set(name, (counted.get(name) ?? 0) + 1)
  // In the order of first appearance; where there are too many, those that most trials have.
  const kept =
    counted.size <= mostColumns
      ? [...counted.keys()]
      : (() => {
          const best = new Set(
            [...counted]
              .sort((a, b) => b[1] - a[1])
              .slice(0, mostColumns)
              .map(([k]) => k),
          )
          return [...counted.keys()].filter((k) => best.has(k))
        })()
  const names = columnNames(kept)
  return {
    participants: writeCsv(
      ['subject', 'session', 'condition', 'version', 'started', 'seconds', 'trials'],
      rows.map(({ r, session, subject }) => [
        subject,
        session,
        r.condition,
        r.version,
        r.started,
        r.seconds,
        r.trials.length,
      ]),
    ),
    trials: writeCsv(
      [...own, ...kept.map((k) => names.get(k)!)],
      rows.flatMap(({ r, session, subject }) =>
        r.trials.map((t) => [
          subject,
          session,
          t.condition,
          t.version,
          t.part,
          t.seq,
          ...kept.map((k) => cell(t.data.get(k))),
        ]),
      ),
    ),
    left: counted.size - kept.length,
  }
}
