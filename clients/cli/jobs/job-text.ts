/** A job in words: how it stands, what went wrong, what was released. */
import type { z } from 'zod'
import type { Result } from '../../../contracts/jobs.ts'
import type { Client } from '../../api.ts'
import { second, table, tame } from '../text.ts'

export type Job = Awaited<ReturnType<Client['jobs']['get']>>
type Quote = Awaited<ReturnType<Client['jobs']['quote']>>
type Released = z.output<typeof Result>
type Output = Released['outputs'][number]
type Cell = Output['rows'][number][number]

const waitingFor: Record<NonNullable<Job['waiting']>, string> = {
  turn: 'its turn',
  approval: 'the custodian’s approval',
  checkers: 'output checkers',
  answer: 'your answer to the checkers',
}

/** Its state, and for whom or what it waits. */
export const standingOf = ({ state, waiting }: Job): string =>
  waiting ? `${state}, waiting for ${waitingFor[waiting]}` : state

/** Where in a script something is: `, cell 2, line 7`. */
const placeIn = ({ cell, line }: { cell?: number | undefined; line?: number | undefined }): string =>
  `${cell === undefined ? '' : `, cell ${cell}`}${line === undefined ? '' : `, line ${line}`}`

/** What went wrong, if anything did; else empty. */
export function problemOf({ problem }: Job): string {
  if (!problem) return ''
  const names = problem.names?.length ? ` (${problem.names.map(tame).join(', ')})` : ''
  const errorClass = problem.errorClass ? ` ${tame(problem.errorClass)}` : ''
  return `${tame(problem.message)}${names}${errorClass}${placeIn(problem)}`
}

function cellText({ suppressed, value }: Cell): string {
  if (suppressed) return '*'
  return value === null ? '' : String(value)
}

const outputText = ({ name, columns, rows }: Output): string =>
  `${tame(name)}\n${table(
    columns.map((column) => (column.unit ? `${column.name} (${column.unit})` : column.name)),
    rows.map((row) => row.map(cellText)),
  )}`

/** Each table that was released, its suppressed cells marked, and what may be believed of it. */
export function releasedText({ outputs, files, card }: Released): string {
  const isSuppressed = outputs.some(({ rows }) => rows.some((row) => row.some((cell) => cell.suppressed)))
  return [
    ...outputs.map(outputText),
    ...(files.length ? [files.map(({ name, url }) => `${tame(name)}  ${url}`).join('\n')] : []),
    ...(isSuppressed ? ['* suppressed'] : []),
    tame(card.guarantee),
  ].join('\n\n')
}

/** A job as `job show` prints it: what it asks, its steps, its problem, what the gate found. */
export function jobText(job: Job): string {
  const asked = `asked by ${tame(job.owner.name)} ${second(job.created)}`
  const language = job.language ? `, ${job.language}` : ''
  const mode = job.mode ? `, ${job.mode}` : ''
  return [
    `${tame(job.title)}\n${job.jobId}: ${standingOf(job)}`,
    `${job.dataset} version ${job.datasetVersion}${language}${mode}, ${asked}`,
    table(
      ['STEP', 'STATE', 'FROM', 'TO'],
      job.steps.map(({ step, state, started, ended }) => [step, state, clock(started), clock(ended)]),
    ),
    problemOf(job),
    ...job.findings.map(
      ({ output, cell, rule, outcome }) => `  ${tame(output)}${cell ? ` ${tame(cell)}` : ''}: ${rule}, ${outcome}`,
    ),
  ]
    .filter(Boolean)
    .join('\n')
}

/** Hours, minutes and seconds of an ISO time in UTC; empty for none. */
const clock = (time: string | undefined): string => time?.slice(11, 19) ?? ''

/** What a question would cost, and what is to be said of it before it is asked. */
export function quoteText({ acceptable, cost, approval, advice, rules }: Quote): string {
  return [
    acceptable ? 'It would be accepted.' : 'It would not be accepted.',
    ...(cost.nanoRho > 0 ? [`epsilon ${cost.epsilon.toFixed(3)}, ${cost.left.toFixed(3)} left afterwards`] : []),
    ...(approval === 'needed' ? ['A custodian approves it first.'] : []),
    ...advice.map((one) => `${one.level}${placeIn(one)}: ${tame(one.message)}`),
    ...rules.map(({ rule, text }) => `  ${rule}: ${tame(text)}`),
  ].join('\n')
}
