/** ask, and job list, show, result, download, cancel: what became of a question. */
import { languages } from '../../../domain/datasets/policy.ts'
import { jobStates } from '../../../domain/jobs/life.ts'
import type { Client } from '../../api.ts'
import { type Command, defineCommand, force, type Group, oneOf, output } from '../command.ts'
import { findDataset } from '../datasets/find.ts'
import { download } from '../download.ts'
import { mustBeVacant } from '../files.ts'
import { show } from '../io.ts'
import { connect } from '../session.ts'
import { minute, table } from '../text.ts'
import { choice, numberOf } from '../values.ts'
import { ask } from './ask.ts'
import { jobMeant } from './job-id.ts'
import { jobText, standingOf } from './job-text.ts'
import { jobOver, tell } from './outcome.ts'

type Listed = Awaited<ReturnType<Client['jobs']['list']>>['items'][number]

const jobArgument = oneOf('job', 'the id of a job, as "cloister job list" lists it')
const formats = ['json', 'csv', 'ro-crate'] as const

const jobTable = (items: readonly Listed[]): string =>
  table(
    ['JOB', 'STATE', 'CREATED', 'DATASET', 'LANGUAGE', 'MODE', 'TITLE'],
    items.map((job) => [
      job.jobId,
      job.waiting ? `${job.state} (${job.waiting})` : job.state,
      minute(job.created),
      job.dataset,
      job.language ?? job.kind,
      job.mode ?? '',
      job.title,
    ]),
  )

const list = defineCommand({
  name: 'list',
  usage: 'list',
  summary: 'Your analyses, newest first',
  rows: [['list [--state STATE] [--dataset DATASET] [--language L] [--limit N]']],
  options: {
    state: { type: 'string', value: 'STATE', help: `only jobs in this state: ${jobStates.join(', ')}` },
    dataset: { type: 'string', value: 'DATASET', help: 'only jobs of this dataset, by its id or name' },
    language: { type: 'string', value: 'L', help: `only jobs in this language: ${languages.join(', ')}` },
    limit: { type: 'string', value: 'N', help: 'how many at most; 50 without' },
  },
  examples: ['cloister job list --dataset ageing --state succeeded'],
  async run({ io, options }) {
    const session = await connect(io, options.server)
    const state = choice('state', options.state, jobStates)
    const language = choice('language', options.language, languages)
    const about = options.dataset
    const datasetId = about === undefined ? undefined : (await findDataset(session, about)).datasetId
    const { items, next } = await session.client.jobs.list({
      query: { limit: numberOf('limit', options.limit) ?? 50, state, language, datasetId },
    })
    show(io, items, () =>
      items.length === 0
        ? 'No jobs. Ask a dataset with "cloister ask".'
        : `${jobTable(items)}${next ? '\n… and more' : ''}`,
    )
  },
})

const showOne = defineCommand({
  name: 'show',
  usage: 'show JOB',
  summary: 'How a job stands: its steps, its problem, what the rules found',
  argument: jobArgument,
  options: {},
  async run(call) {
    const { session, jobId } = await jobMeant(call, 'job')
    const job = await session.client.jobs.get({ params: { jobId } })
    show(call.io, job, () => jobText(job))
  },
})

const result = defineCommand({
  name: 'result',
  usage: 'result JOB',
  summary: 'What was released; exit code 1 when nothing was',
  rows: [['result JOB [--wait]', 'prints what was released (exit code 1 when nothing was)']],
  argument: jobArgument,
  options: { wait: { type: 'boolean', help: 'waits for the end first' } },
  examples: ['cloister job result job_abcdefghijklmnop --wait'],
  async run(call) {
    const { session, jobId } = await jobMeant(call, 'job')
    const job = call.options.wait ? await jobOver(session, jobId) : await session.client.jobs.get({ params: { jobId } })
    return tell(session, job)
  },
})

const save = defineCommand({
  name: 'download',
  usage: 'download JOB',
  summary: 'Saves what was released as a file',
  rows: [[`download JOB [--format ${formats.join('|')}] [-o FILE]`]],
  argument: jobArgument,
  options: {
    format: { type: 'string', value: formats.join('|'), help: 'how it is written; csv without' },
    output,
    force,
  },
  examples: ['cloister job download job_abcdefghijklmnop --format ro-crate'],
  async run(call) {
    const { io, options } = call
    const { session, jobId } = await jobMeant(call, 'job')
    const format = choice('format', options.format, formats) ?? 'csv'
    const { url, filename } = await session.client.jobs.download({ params: { jobId, format } })
    // A name from elsewhere is a name in this folder, never a path.
    const file = options.output ?? filename.replaceAll(/[^A-Za-z0-9._-]/g, '_').replace(/^\.+/, '')
    await mustBeVacant(file, options)
    const refusal = (status: number): { message: string; hint: string } => ({
      message: `The download was refused (${status}).`,
      hint: 'Links expire: run the command again.',
    })
    await download(io, url, file, refusal, 0o600)
    show(io, { file, format }, () => `Saved ${file}`)
  },
})

const cancel = defineCommand({
  name: 'cancel',
  usage: 'cancel JOB',
  summary: 'Stops a job',
  argument: jobArgument,
  options: {},
  async run(call) {
    const { session, jobId } = await jobMeant(call, 'job')
    const job = await session.client.jobs.cancel({ params: { jobId } })
    show(call.io, job, () => `${jobId}: ${standingOf(job)}`)
  },
})

const job: Group = {
  name: 'job',
  summary: 'Your analyses: how they stand, what was released',
  commands: [list, showOne, result, save, cancel],
  column: 53,
}

export const jobs: readonly (Command | Group)[] = [ask, job]
