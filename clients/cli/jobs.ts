/** ask: a question to a dataset. job list, show, cancel, result, download: what became of it. */
import { randomUUID } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import type { z } from 'zod'
import type { Ask, Result } from '../../contracts/jobs.ts'
import { type Language, languages, type ReleaseMode, releaseModes } from '../../domain/datasets/policy.ts'
import type { DatasetSchema } from '../../domain/datasets/schema.ts'
import type { Cohort } from '../../domain/datasets/cohort.ts'
import { jobLife, type JobState, jobStates } from '../../domain/jobs/life.ts'
import type { Client } from '../api.ts'
import { FilterError, parseFilter } from '../cohort-text.ts'
import { type Call, type Command, text } from './command.ts'
import { findDataset } from './datasets.ts'
import { CliError, exits, show, table, tame } from './io.ts'
import { vacant } from './publish.ts'
import { connect, type Session } from './session.ts'

type Job = Awaited<ReturnType<Client['jobs']['get']>>
type Question = z.input<typeof Ask>
type Released = z.output<typeof Result>

const byEnding: Record<string, Language> = { sql: 'sql', py: 'python', r: 'r', ipynb: 'notebook' }

function choice<T extends string>(call: Call, name: string, among: readonly T[]): T | undefined {
  const v = text(call, name)
  if (v !== undefined && !(among as readonly string[]).includes(v))
    throw new CliError(exits.usage, `--${name} is one of ${among.join(', ')}, not "${tame(v)}".`)
  return v as T | undefined
}

/** The code and its language: `--sql TEXT`, or a file by its ending. */
async function codeOf(call: Call): Promise<{ code: string; language: Language }> {
  const sql = text(call, 'sql')
  const file = text(call, 'file')
  if ((sql === undefined) === (file === undefined))
    throw new CliError(exits.usage, 'Say what to run: --sql "SELECT …" or --file script.py (.sql, .py, .R, .ipynb).')
  if (sql !== undefined) return { code: sql, language: 'sql' }
  const language = choice(call, 'language', languages) ?? byEnding[file!.split('.').at(-1)!.toLowerCase()]
  if (!language)
    throw new CliError(
      exits.usage,
      `The language of ${file} cannot be told from its name.`,
      `Say --language, one of ${languages.join(', ')}.`,
    )
  return { code: await readFile(file!, 'utf8'), language }
}

function cohortOf(call: Call, schema: DatasetSchema | undefined): Cohort {
  const given = [call.options['cohort'] ?? []].flat() as string[]
  return given.map((f) => {
    try {
      return parseFilter(f, schema ?? { tables: [], images: [] })
    } catch (e) {
      throw e instanceof FilterError ? new CliError(exits.usage, tame(e.message)) : e
    }
  })
}

/** `--declare name=low..high`: what a script under noise answers, and the range it is clamped to. */
const declaredOf = (call: Call): Question['declared'] =>
  ([call.options['declare'] ?? []].flat() as string[]).map((d) => {
    const [, name, low, high] = /^\s*(.+?)\s*=\s*(-?[\d.eE+-]+)\.\.(-?[\d.eE+-]+)\s*$/.exec(d) ?? []
    if (name === undefined || !Number.isFinite(Number(low)) || !Number.isFinite(Number(high)))
      throw new CliError(exits.usage, `--declare takes name=low..high, not "${tame(d)}".`)
    return { name, low: Number(low), high: Number(high) }
  })

export function numberOf(call: Call, name: string): number | undefined {
  const v = text(call, name)
  if (v === undefined) return undefined
  if (v.trim() === '' || !Number.isFinite(Number(v))) throw new CliError(exits.usage, `--${name} takes a number.`)
  return Number(v)
}

function parametersOf(call: Call): Question['parameters'] {
  const v = text(call, 'parameters')
  if (v === undefined) return {}
  try {
    return JSON.parse(v) as Question['parameters']
  } catch {
    throw new CliError(exits.usage, '--parameters takes a JSON object.')
  }
}

/** Each table that was released, its suppressed cells marked, and what may be believed of it. */
function shown(r: Released): string {
  const outputs = r.outputs.map(
    (o) =>
      `${tame(o.name)}\n${table(
        o.columns.map((c) => (c.unit ? `${c.name} (${c.unit})` : c.name)),
        o.rows.map((row) => row.map((c) => (c.suppressed ? '*' : c.value === null ? '' : String(c.value)))),
      )}`,
  )
  const suppressed = r.outputs.some((o) => o.rows.some((row) => row.some((c) => c.suppressed)))
  return [
    ...outputs,
    ...(r.files.length ? [r.files.map((f) => `${tame(f.name)}  ${f.url}`).join('\n')] : []),
    ...(suppressed ? ['* suppressed'] : []),
    tame(r.card.guarantee),
  ].join('\n\n')
}

const problemOf = (j: Job): string =>
  j.problem
    ? `${tame(j.problem.message)}${j.problem.names?.length ? ` (${j.problem.names.map(tame).join(', ')})` : ''}${j.problem.errorClass ? ` ${tame(j.problem.errorClass)}` : ''}${j.problem.cell === undefined ? '' : `, cell ${j.problem.cell}`}${j.problem.line === undefined ? '' : `, line ${j.problem.line}`}`
    : ''
const standingOf = (j: Job): string =>
  `${j.state}${j.waiting ? `, waiting for ${{ turn: 'its turn', approval: 'the custodian’s approval', checkers: 'output checkers', answer: 'your answer to the checkers' }[j.waiting]}` : ''}`

/** Looks until the job is over, or waits for people. */
export async function jobOver(session: Session, jobId: string): Promise<Job> {
  for (let wait = 150; ; wait = Math.min(3000, wait * 1.25)) {
    const j = await session.client.jobs.get({ params: { jobId }, signal: session.io.signal })
    if (!jobLife[j.state].live || (j.waiting && j.waiting !== 'turn')) return j
    const step = j.steps.find((s) => s.state === 'running')?.step
    session.io.progress(`${jobId}: ${standingOf(j)}${step ? ` (${step})` : ''}`)
    await sleep(wait, undefined, { signal: session.io.signal })
  }
}

/** Prints how a job ended: its results, or why there are none. */
async function tell(call: Call, session: Session, j: Job): Promise<number> {
  if (j.hasResult) {
    const r = await session.client.jobs.result({ params: { jobId: j.jobId } })
    show(call.io, { ...j, result: r }, () => shown(r))
    return exits.done
  }
  show(call.io, j, () => [`${j.jobId}: ${standingOf(j)}`, problemOf(j)].filter(Boolean).join('\n'))
  return jobLife[j.state].live || j.state === 'succeeded' ? exits.done : exits.no
}

export const ask: Command = {
  usage: 'ask DATASET (--sql TEXT | --file SCRIPT) [--mode MODE] [--cohort FILTER]… [--epsilon E] [--wait]',
  summary: 'Ask a dataset: SQL, or a script in Python, R or a notebook',
  detail: `  --mode ${releaseModes.join('|')}     how the answer may leave (default rules)
  --cohort FILTER               e.g. "subjects.age>=60", "subjects.site=Aarhus,Bologna", "subjects.age=60..70"; may be said more than once
  --epsilon E, --declare X=0..1 for noise: what it may spend, and for scripts what it answers and its range
  --parameters JSON, --purpose TEXT, --title TEXT, --language L, --seconds N, --memory MB
  --quote                       only says what it would cost and which rules apply
  --wait                        waits for the end and prints the result (exit code 1 when nothing was released)
Give the same --key twice and the second time answers the first job.`,
  options: {
    org: { type: 'string' },
    sql: { type: 'string' },
    file: { type: 'string', short: 'f' },
    language: { type: 'string' },
    mode: { type: 'string' },
    cohort: { type: 'string', multiple: true },
    epsilon: { type: 'string' },
    declare: { type: 'string', multiple: true },
    parameters: { type: 'string' },
    purpose: { type: 'string' },
    title: { type: 'string' },
    seconds: { type: 'string' },
    memory: { type: 'string' },
    key: { type: 'string' },
    quote: { type: 'boolean' },
    wait: { type: 'boolean' },
  },
  async run(call) {
    const [wanted, ...more] = call.args
    if (wanted === undefined || more.length > 0)
      throw new CliError(exits.usage, wanted === undefined ? 'Say which dataset.' : 'Only one dataset at a time.')
    const { code, language } = await codeOf(call)
    const mode: ReleaseMode = choice(call, 'mode', releaseModes) ?? 'rules'
    const session = await connect(call.io, text(call, 'server'))
    const s = await findDataset(session, wanted, text(call, 'org'))
    const question: Question = {
      dataset: s.datasetId,
      cohort: cohortOf(call, s.schema as DatasetSchema | undefined),
      language,
      code,
      parameters: parametersOf(call),
      mode,
      purpose: text(call, 'purpose') ?? '',
      epsilon: numberOf(call, 'epsilon'),
      declared: declaredOf(call),
      limits: { seconds: numberOf(call, 'seconds'), memoryMb: numberOf(call, 'memory') },
      title: text(call, 'title'),
    }
    if (call.options['quote']) {
      const q = await session.client.jobs.quote({ body: question })
      show(call.io, q, () =>
        [
          q.acceptable ? 'It would be accepted.' : 'It would not be accepted.',
          ...(q.cost.nanoRho > 0
            ? [`epsilon ${q.cost.epsilon.toFixed(3)}, ${q.cost.left.toFixed(3)} left afterwards`]
            : []),
          ...(q.approval === 'needed' ? ['A custodian approves it first.'] : []),
          ...q.advice.map(
            (a) =>
              `${a.level}${a.cell === undefined ? '' : `, cell ${a.cell}`}${a.line === undefined ? '' : `, line ${a.line}`}: ${tame(a.message)}`,
          ),
          ...q.rules.map((r) => `  ${r.rule}: ${tame(r.text)}`),
        ].join('\n'),
      )
      return q.acceptable ? exits.done : exits.no
    }
    const asked = await session.client.jobs.ask({
      body: question,
      headers: { 'idempotency-key': text(call, 'key') ?? randomUUID() },
    })
    if (call.options['wait']) return tell(call, session, await jobOver(session, asked.jobId))
    show(call.io, asked, () => `${asked.jobId}: ${standingOf(asked)}\n  cloister job result ${asked.jobId}`)
    return exits.done
  },
}

const list = async (call: Call): Promise<void> => {
  const session = await connect(call.io, text(call, 'server'))
  const state = choice<JobState>(call, 'state', jobStates)
  const language = choice(call, 'language', languages)
  const about = text(call, 'dataset')
  const datasetId = about === undefined ? undefined : (await findDataset(session, about)).datasetId
  const { items, next } = await session.client.jobs.list({
    query: { limit: numberOf(call, 'limit') ?? 50, state, language, datasetId },
  })
  show(call.io, items, () =>
    items.length === 0
      ? 'No jobs. Ask a dataset with "cloister ask".'
      : `${table(
          ['JOB', 'STATE', 'CREATED', 'DATASET', 'LANGUAGE', 'MODE', 'TITLE'],
          items.map((j) => [
            j.jobId,
            j.waiting ? `${j.state} (${j.waiting})` : j.state,
            j.created.slice(0, 16).replace('T', ' '),
            j.dataset,
            j.language ?? j.kind,
            j.mode ?? '',
            j.title,
          ]),
        )}${next ? '\n… and more' : ''}`,
  )
}

async function download(call: Call, session: Session, jobId: string): Promise<void> {
  const format = choice(call, 'format', ['json', 'csv', 'ro-crate'] as const) ?? 'csv'
  const { url, filename } = await session.client.jobs.download({ params: { jobId, format } })
  // A name from elsewhere is a name in this folder, never a path.
  const file = text(call, 'output') ?? filename.replaceAll(/[^A-Za-z0-9._-]/g, '_').replace(/^\.+/, '')
  await vacant(call, file)
  const answer = await fetch(url, { signal: call.io.signal })
  if (!answer.ok)
    throw new CliError(
      exits.unreachable,
      `The download was refused (${answer.status}).`,
      'Links expire: run the command again.',
    )
  await writeFile(file, new Uint8Array(await answer.arrayBuffer()), { mode: 0o600 })
  show(call.io, { file, format }, () => `Saved ${file}`)
}

const onOne: Record<string, (call: Call, session: Session, jobId: string) => Promise<number | void>> = {
  download,
  result: async (call, session, jobId) =>
    tell(
      call,
      session,
      call.options['wait'] ? await jobOver(session, jobId) : await session.client.jobs.get({ params: { jobId } }),
    ),
  cancel: async (call, session, jobId) => {
    const j = await session.client.jobs.cancel({ params: { jobId } })
    show(call.io, j, () => `${jobId}: ${standingOf(j)}`)
  },
  show: async (call, session, jobId) => {
    const j = await session.client.jobs.get({ params: { jobId } })
    show(call.io, j, () =>
      [
        `${tame(j.title)}\n${jobId}: ${standingOf(j)}`,
        `${j.dataset} version ${j.datasetVersion}${j.language ? `, ${j.language}` : ''}${j.mode ? `, ${j.mode}` : ''}, asked by ${tame(j.owner.name)} ${j.created.slice(0, 19).replace('T', ' ')}`,
        table(
          ['STEP', 'STATE', 'FROM', 'TO'],
          j.steps.map((s) => [s.step, s.state, s.started?.slice(11, 19) ?? '', s.ended?.slice(11, 19) ?? '']),
        ),
        problemOf(j),
        ...j.findings.map((f) => `  ${tame(f.output)}${f.cell ? ` ${tame(f.cell)}` : ''}: ${f.rule}, ${f.outcome}`),
      ]
        .filter(Boolean)
        .join('\n'),
    )
  },
}

export const job: Command = {
  usage: 'job list | show JOB | result JOB | download JOB | cancel JOB',
  summary: 'Your analyses: how they stand, what was released',
  detail: `  list [--state STATE] [--dataset DATASET] [--language L] [--limit N]
  result JOB [--wait]                                prints what was released (exit code 1 when nothing was)
  download JOB [--format json|csv|ro-crate] [-o FILE]`,
  options: {
    state: { type: 'string' },
    dataset: { type: 'string' },
    language: { type: 'string' },
    limit: { type: 'string' },
    wait: { type: 'boolean' },
    format: { type: 'string' },
    output: { type: 'string', short: 'o' },
    force: { type: 'boolean' },
  },
  async run(call) {
    const [act, which, ...more] = call.args
    if (act === 'list' && which === undefined) return list(call)
    const work = act === undefined || !Object.hasOwn(onOne, act) ? undefined : onOne[act]
    if (!work) throw new CliError(exits.usage, `Say "cloister ${job.usage.split(' | ').join('", "cloister job ')}".`)
    if (which === undefined || more.length > 0)
      throw new CliError(exits.usage, which === undefined ? 'Say which job.' : 'Only one job at a time.')
    if (!/^job_[a-z2-7]{16,32}$/.test(which))
      throw new CliError(exits.usage, `"${tame(which)}" is not the id of a job.`, '"cloister job list" lists them.')
    return work(call, await connect(call.io, text(call, 'server')), which)
  },
}
