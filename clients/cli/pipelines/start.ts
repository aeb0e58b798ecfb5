/** pipeline run: an experiment set up from a terminal, and a run of it. */
import { openAsBlob } from 'node:fs'
import { lstat } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import type { Client } from '../../api.ts'
import { sendFiles } from '../../publish.ts'
import { defineCommand, organisation } from '../command.ts'
import { filesBelow } from '../files.ts'
import { CliError, exits, show } from '../io.ts'
import { connect, type Session } from '../session.ts'
import { namedValues } from '../values.ts'
import { findPipeline, type Pipeline, pipelineArgument } from './find.ts'
import { parametersOf } from './parameters.ts'
import { tellRun, watchRun } from './watch.ts'

type Experiment = Awaited<ReturnType<Client['pipelines']['experiment']>>
type Parameters = Awaited<ReturnType<typeof parametersOf>>
/** A file of an input, by its path in it, size in bytes and SHA-256. */
interface Uploaded {
  from: 'upload'
  path: string
  size: number
  sha256: string
}

/** Uploads a file, or what is below a folder, for one input. */
async function upload({ client, io }: Session, experimentId: string, path: string): Promise<Uploaded[]> {
  const info = await lstat(path).catch(() => undefined)
  if (!info) throw new CliError(exits.usage, `There is no ${path}.`)
  const files = info.isDirectory()
    ? (await filesBelow(resolve(path))).map((below) => ({ path: below, at: join(path, below) }))
    : [{ path: basename(path), at: path }]
  const sent = await sendFiles({
    files: await Promise.all(files.map(async (file) => ({ path: file.path, data: await openAsBlob(file.at) }))),
    progress: ({ stage }) => io.progress(`${path}: ${stage}`),
    signal: io.signal,
    ask: async (some) => {
      const { uploads } = await client.pipelines.inputUploads({
        params: { experimentId },
        body: { files: some },
        signal: io.signal,
      })
      return uploads
    },
  })
  return sent.map((file) => ({ from: 'upload', ...file }))
}

/** The experiment that is there, or a new one with these parameters. */
async function experimentOf(
  { client }: Session,
  pipeline: Pipeline,
  known: string | undefined,
  title: string | undefined,
  parameters: Parameters,
): Promise<Experiment> {
  if (known) return client.pipelines.experiment({ params: { experimentId: known } })
  return client.pipelines.createExperiment({
    params: { organisationId: pipeline.organisationId },
    body: {
      pipelineId: pipeline.pipelineId,
      title: title ?? `${pipeline.title} from the terminal`.slice(0, 120),
      parameters,
    },
  })
}

/** Uploads what each `name=path` names, and sets the experiment's inputs to it. */
async function setInputs(
  session: Session,
  { experimentId, rev }: Experiment,
  given: string[] | undefined,
): Promise<void> {
  const inputs = new Map<string, Uploaded[]>()
  for (const [name, path] of namedValues('input', given))
    inputs.set(name, [...(inputs.get(name) ?? []), ...(await upload(session, experimentId, path))])
  if (inputs.size > 0)
    await session.client.pipelines.changeExperiment({
      params: { experimentId },
      body: { rev, inputs: Object.fromEntries(inputs) },
    })
}

export const start = defineCommand({
  name: 'run',
  usage: 'run NAME [--input NAME=PATH]… [--set PARAMETER=VALUE]…',
  summary: 'Sets up an experiment with a pipeline and starts a run of it',
  rows: [
    ['run NAME [--input NAME=FILE|FOLDER]… [--set PARAMETER=VALUE]… [--parameters FILE.json] [--title TEXT]'],
    ['    --experiment ID', 'another run of an experiment that is there'],
    ['    --wait', 'shows the log and waits (exit code 1 when the run did not succeed)'],
  ],
  argument: pipelineArgument,
  options: {
    org: organisation,
    input: { type: 'string', multiple: true, value: 'NAME=PATH', help: 'a file or folder for one of its inputs' },
    set: { type: 'string', multiple: true, value: 'PARAMETER=VALUE', help: 'the value of one of its parameters' },
    parameters: { type: 'string', value: 'FILE.json', help: 'values of parameters, as a JSON object' },
    title: { type: 'string', value: 'TEXT', help: 'what the experiment is called' },
    experiment: { type: 'string', value: 'ID', help: 'another run of an experiment that is there' },
    wait: { type: 'boolean', help: 'shows the log and waits; exit code 1 when the run did not succeed' },
    key: { type: 'string', value: 'KEY', help: 'the same key again answers the same run' },
  },
  examples: ['cloister pipeline run smooth --input scans=./scans --set width=4 --wait'],
  async run({ io, options, argument }) {
    const session = await connect(io, options.server)
    const pipeline = await findPipeline(session, argument, options.org)
    const parameters = await parametersOf(options, pipeline.definition.parameters)
    const known = options.experiment
    const experiment = await experimentOf(session, pipeline, known, options.title, parameters)
    await setInputs(session, experiment, options.input)
    const run = await session.client.pipelines.start({
      params: { experimentId: experiment.experimentId },
      body: known ? { parameters } : {},
      ...(options.key === undefined ? {} : { headers: { 'idempotency-key': options.key } }),
    })
    if (!options.wait) {
      show(io, run, () => `${run.jobId}: ${run.state}\n${session.server}/pipelines/runs/${run.jobId}`)
      return exits.done
    }
    if (!io.json) await watchRun(session, run.jobId, (line) => io.out(line))
    return tellRun(session, run.jobId, true)
  },
})
