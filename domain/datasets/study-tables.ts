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

/** The platform's own columns of a trial. */
const ownColumns = ['subject', 'session', 'condition', 'version', 'part', 'seq'] as const
/** Columns that a dataset's table can have besides the platform's. */
const mostColumns = 1990
const longestName = 180

/** A column's name in the dataset: printable, short enough, and different from every other whatever the case. */
function columnNames(names: Iterable<string>): Map<string, string> {
  const taken = new Set<string>(ownColumns)
  const isOwn = (name: string): boolean => (ownColumns as readonly string[]).includes(name.toLowerCase())
  const nameOf = (name: string): string => {
    const printable = name.toWellFormed().replaceAll(/\p{Cc}/gu, '_')
    const plain = printable.slice(0, longestName) || 'column'
    let free = isOwn(plain) ? `data.${plain}` : plain
    for (let number = 2; taken.has(free.toLowerCase()); number++) free = `${plain}_${number}`
    taken.add(free.toLowerCase())
    return free
  }
  return new Map([...names].map((name) => [name, nameOf(name)]))
}

/** A value as a cell: what is no number, truth value or text is written as JSON. */
function cellOf(value: unknown): CsvCell {
  switch (typeof value) {
    case 'undefined':
    case 'number':
    case 'boolean':
      return value
    case 'string':
      return value.toWellFormed()
    default:
      return value === null ? undefined : JSON.stringify(value)
  }
}

/** How many trials have each name, in the order in which the names first appear. */
function namesOfTrials(runs: readonly StudyRun[]): Map<string, number> {
  const counted = new Map<string, number>()
  for (const { trials } of runs)
    for (const { data } of trials) for (const name of data.keys()) counted.set(name, (counted.get(name) ?? 0) + 1)
  return counted
}
/** The names in the order of their first appearance; where there are too many, those that most trials have. */
function mostFrequent(counted: ReadonlyMap<string, number>): string[] {
  const names = [...counted.keys()]
  if (names.length <= mostColumns) return names
  const byFrequency = names.toSorted((first, second) => counted.get(second)! - counted.get(first)!)
  const kept = new Set(byFrequency.slice(0, mostColumns))
  return names.filter((name) => kept.has(name))
}

/** A run with what the dataset calls its participant, and which of theirs it is, from 1. */
interface Session {
  run: StudyRun
  subject: string
  session: number
}
async function sessionsOf(datasetId: string, runs: readonly StudyRun[]): Promise<Session[]> {
  const sessions = new Map<string, number>()
  const numbered = runs.map((run) => {
    const session = (sessions.get(run.who) ?? 0) + 1
    sessions.set(run.who, session)
    return { run, session }
  })
  return Promise.all(
    numbered.map(async ({ run, session }) => ({ run, session, subject: await subjectOf(datasetId, run.who) })),
  )
}

/**
 * `participants.csv` and `trials.csv`. A participant's runs are numbered in the order they were started. Columns beyond
 * what a table can have are counted in `left`.
 */
export async function studyTables(
  datasetId: string,
  runs: readonly StudyRun[],
): Promise<{ participants: string; trials: string; left: number }> {
  const ordered = runs.toSorted((first, second) => (first.started < second.started ? -1 : 1))
  const sessions = await sessionsOf(datasetId, ordered)
  const counted = namesOfTrials(ordered)
  const kept = mostFrequent(counted)
  const names = columnNames(kept)
  const participants = sessions.map(({ run, session, subject }) => [
    subject,
    session,
    run.condition,
    run.version,
    run.started,
    run.seconds,
    run.trials.length,
  ])
  const trials = sessions.flatMap(({ run, session, subject }) =>
    run.trials.map(({ condition, version, part, seq, data }) => [
      subject,
      session,
      condition,
      version,
      part,
      seq,
      ...kept.map((name) => cellOf(data.get(name))),
    ]),
  )
  return {
    participants: writeCsv(
      ['subject', 'session', 'condition', 'version', 'started', 'seconds', 'trials'],
      participants,
    ),
    trials: writeCsv([...ownColumns, ...kept.map((name) => names.get(name)!)], trials),
    left: counted.size - kept.length,
  }
}
