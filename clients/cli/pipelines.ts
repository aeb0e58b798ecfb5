/** pipeline publish, list, show, run: long-running processing, set up and started from a folder or a terminal. */
import { randomUUID } from 'node:crypto'
import { openAsBlob } from 'node:fs'
import { lstat, readFile } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { PipelineDefinition } from '../../contracts/pipelines.definition.ts'
import {
  definitionFaults,
  defaultResources,
  type PipelineDefinition as Definition,
} from '../../domain/pipelines/definition.ts'
import type { Parameter } from '../../domain/pipelines/parameters.ts'
import type { Client } from '../api.ts'
import { sendFiles } from '../publish.ts'
import { type Call, type Command, text } from './command.ts'
import { filesBelow } from './folder.ts'
import { CliError, count, exits, show, table, tame } from './io.ts'
import { tellRun, watchRun } from './runs.ts'
import { connect, everything, organisationOf, type Session } from './session.ts'

type Pipeline = Awaited<ReturnType<Client['pipelines']['list']>>['items'][number]

/** What a folder's definition is called. */
const definitionName = 'pipeline.json'
const isId = (s: string): boolean => /^pip_[a-z2-7]{16,32}$/.test(s)

/** A definition's faults, each with its place in the file. */
const faulty = (
  file: string,
  faults: readonly { path: string; message: string; expected?: string | undefined }[],
): CliError =>
  new CliError(
    exits.no,
    `${file} cannot be published: ${count(faults.length, 'error')}.`,
    faults
      .map(
        (f) =>
          `  ${file}#${tame(f.path)}\n    ${tame(f.message)}${f.expected ? `\n    Expected: ${tame(f.expected)}` : ''}`,
      )
      .join('\n'),
  )

/** Reads a folder's definition and checks it as the server will, with the same words. */
async function definitionOf(folder: string, files: readonly string[]): Promise<Definition> {
  const file = join(folder, definitionName)
  let json: unknown
  try {
    json = JSON.parse(await readFile(file, 'utf8'))
  } catch (e) {
    throw new CliError(
      exits.usage,
      e instanceof SyntaxError ? `${file} is not JSON: ${tame(e.message)}` : `There is no ${file}.`,
      e instanceof SyntaxError ? undefined : 'It says what the pipeline is: see the guide to pipelines.',
    )
  }
  const parsed = PipelineDefinition.safeParse(json)
  if (!parsed.success)
    throw faulty(
      file,
      parsed.error.issues.map((i) => ({ path: `/${i.path.join('/')}`, message: i.message })),
    )
  const definition = { ...parsed.data, resources: { ...defaultResources, ...parsed.data.resources } } as Definition
  const faults = definitionFaults(definition, files)
  if (faults.length > 0) throw faulty(file, faults)
  return definition
}

async function publish(call: Call, folder: string): Promise<void> {
  if (!(await lstat(folder).catch(() => undefined))?.isDirectory())
    throw new CliError(exits.usage, `${folder} is not a folder.`)
  const paths = (await filesBelow(resolve(folder))).filter((p) => p !== definitionName)
  const definition = await definitionOf(folder, paths)
  const session = await connect(call.io, text(call, 'server'))
  const { organisationId } = await organisationOf(session, text(call, 'org'))
  const params = { organisationId }
  const { io } = call
  const files = await sendFiles({
    files: await Promise.all(paths.map(async (path) => ({ path, data: await openAsBlob(join(folder, path)) }))),
    progress: (p) => io.progress(`Uploading ${count(p.files.length, 'file')}`),
    signal: io.signal,
    ask: async (some) =>
      (
        await session.client.pipelines.uploads({
          params,
          body: { name: definition.name, files: some },
          signal: io.signal,
        })
      ).uploads,
  })
  const made = await session.client.pipelines.publish({
    params,
    body: { definition, files, note: text(call, 'note') ?? '' },
  })
  show(
    io,
    made,
    () =>
      `${tame(made.title)}: version ${made.version} (${count(files.length, 'file')}, ${count(made.parameters, 'parameter')})\n${session.server}/pipelines/${made.pipelineId}`,
  )
}

const all = async (session: Session, org: string | undefined): Promise<Pipeline[]> => {
  const { organisationId } = await organisationOf(session, org)
  return everything((after) =>
    session.client.pipelines.list({ params: { organisationId }, query: { limit: 200, after } }),
  )
}

/** A pipeline by its id or by its name. */
async function find(session: Session, wanted: string, org: string | undefined) {
  if (isId(wanted)) return session.client.pipelines.get({ params: { pipelineId: wanted } })
  const found = (await all(session, org)).find((p) => p.name === wanted)
  if (!found)
    throw new CliError(
      exits.refused,
      `There is no pipeline "${tame(wanted)}" that you can see.`,
      '"cloister pipeline list" lists them.',
    )
  return session.client.pipelines.get({ params: { pipelineId: found.pipelineId } })
}

/** `--set name=value`: the value as the parameter's type reads it. What does not fit is for the server to say. */
function valueOf(p: Parameter | undefined, value: string): number | string | boolean | number[] {
  if (p?.type === 'array') return value.trim() === '' ? [] : value.split(',').map(Number)
  if (p?.type === 'boolean') return value === 'true' ? true : value === 'false' ? false : value
  return (p?.type === 'number' || p?.type === 'integer') && value.trim() !== '' && Number.isFinite(Number(value))
    ? Number(value)
    : value
}
const pairs = (call: Call, name: string): [string, string][] =>
  ([call.options[name] ?? []].flat() as string[]).map((given) => {
    const at = given.indexOf('=')
    if (at < 1) throw new CliError(exits.usage, `--${name} takes name=value, not "${tame(given)}".`)
    return [given.slice(0, at), given.slice(at + 1)]
  })

async function parametersOf(
  call: Call,
  schema: Definition['parameters'],
): Promise<Record<string, number | string | boolean | number[]>> {
  const file = text(call, 'parameters')
  let base: Record<string, number | string | boolean | number[]> = {}
  if (file !== undefined)
    try {
      base = JSON.parse(await readFile(file, 'utf8')) as typeof base
    } catch (e) {
      throw e instanceof SyntaxError ? new CliError(exits.usage, `${file} is not a JSON object of parameters.`) : e
    }
  return {
    ...base,
    ...Object.fromEntries(
      pairs(call, 'set').map(([n, v]) => [
        n,
        valueOf(Object.hasOwn(schema.properties, n) ? schema.properties[n] : undefined, v),
      ]),
    ),
  }
}

/** Uploads a file, or what is below a folder, for one input. */
async function upload(
  session: Session,
  experimentId: string,
  path: string,
): Promise<{ from: 'upload'; path: string; size: number; sha256: string }[]> {
  const info = await lstat(path).catch(() => undefined)
  if (!info) throw new CliError(exits.usage, `There is no ${path}.`)
  const files = info.isDirectory()
    ? (await filesBelow(resolve(path))).map((p) => ({ path: p, at: join(path, p) }))
    : [{ path: basename(path), at: path }]
  const sent = await sendFiles({
    files: await Promise.all(files.map(async (f) => ({ path: f.path, data: await openAsBlob(f.at) }))),
    progress: (p) => session.io.progress(`${path}: ${p.stage}`),
    signal: session.io.signal,
    ask: async (some) =>
      (
        await session.client.pipelines.inputUploads({
          params: { experimentId },
          body: { files: some },
          signal: session.io.signal,
        })
      ).uploads,
  })
  return sent.map((f) => ({ from: 'upload', ...f }))
}

async function start(call: Call, wanted: string): Promise<number> {
  const session = await connect(call.io, text(call, 'server'))
  const pipeline = await find(session, wanted, text(call, 'org'))
  const parameters = await parametersOf(call, pipeline.definition.parameters)
  const { client } = session
  const known = text(call, 'experiment')
  let experiment = known
    ? await client.pipelines.experiment({ params: { experimentId: known } })
    : await client.pipelines.createExperiment({
        params: { organisationId: pipeline.organisationId },
        body: {
          pipelineId: pipeline.pipelineId,
          title: text(call, 'title') ?? `${pipeline.title} from the terminal`.slice(0, 120),
          parameters,
        },
      })
  const { experimentId } = experiment
  const inputs = new Map<string, Awaited<ReturnType<typeof upload>>>()
  for (const [name, path] of pairs(call, 'input'))
    inputs.set(name, [...(inputs.get(name) ?? []), ...(await upload(session, experimentId, path))])
  if (inputs.size > 0)
    experiment = await client.pipelines.changeExperiment({
      params: { experimentId },
      body: { rev: experiment.rev, inputs: Object.fromEntries(inputs) },
    })
  const run = await client.pipelines.start({
    params: { experimentId },
    body: known ? { parameters } : {},
    headers: { 'idempotency-key': text(call, 'key') ?? randomUUID() },
  })
  if (!call.options['wait']) {
    show(call.io, run, () => `${run.jobId}: ${run.state}\n${session.server}/pipelines/runs/${run.jobId}`)
    return exits.done
  }
  if (!call.io.json) await watchRun(session, run.jobId, (line) => call.io.out(line))
  return tellRun(call, session, run.jobId, true)
}

async function list(call: Call): Promise<void> {
  const found = await all(await connect(call.io, text(call, 'server')), text(call, 'org'))
  show(call.io, found, () =>
    found.length === 0
      ? 'No pipelines. "cloister pipeline publish ./folder" publishes one.'
      : table(
          ['name', 'version', 'runtime', 'parameters', 'title'],
          found.map((p) => [p.name, p.version, p.runtime, p.parameters, p.title]),
        ),
  )
}

async function showOne(call: Call, wanted: string): Promise<void> {
  const p = await find(await connect(call.io, text(call, 'server')), wanted, text(call, 'org'))
  const { definition: d } = p
  const { properties, required = [] } = d.parameters
  show(call.io, p, () =>
    [
      `${tame(p.title)} (${p.name}, version ${p.version})`,
      tame(d.description),
      ...(d.inputs.length
        ? [
            table(
              ['input', 'kind', 'needed', 'help'],
              d.inputs.map((i) => [i.name, i.kind, i.required ? 'yes' : 'no', i.help ?? '']),
            ),
          ]
        : []),
      ...(Object.keys(properties).length
        ? [
            table(
              ['parameter', 'type', 'unit', 'default', 'help'],
              Object.entries(properties).map(([n, v]) => [
                n,
                v.type,
                v.unit ?? '',
                v.default === undefined ? (required.includes(n) ? '(needed)' : '') : JSON.stringify(v.default),
                v.description ?? v.title ?? '',
              ]),
            ),
          ]
        : []),
    ]
      .filter(Boolean)
      .join('\n\n'),
  )
}

export const pipeline: Command = {
  usage: 'pipeline publish FOLDER | list | show NAME | run NAME [--input NAME=PATH]… [--set PARAMETER=VALUE]…',
  summary: 'Pipelines: publish one from a folder, set it up and run it',
  detail: `  publish FOLDER [--note TEXT]         pipeline.json says what it is, the other files are its code
  run NAME [--input NAME=FILE|FOLDER]… [--set PARAMETER=VALUE]… [--parameters FILE.json] [--title TEXT]
      --experiment ID                  another run of an experiment that is there
      --wait                           shows the log and waits (exit code 1 when the run did not succeed)
NAME is a pipeline’s name or id. Give the same --key twice and the second time answers the first run.`,
  options: {
    org: { type: 'string' },
    note: { type: 'string' },
    input: { type: 'string', multiple: true },
    set: { type: 'string', multiple: true },
    parameters: { type: 'string' },
    title: { type: 'string' },
    experiment: { type: 'string' },
    wait: { type: 'boolean' },
    key: { type: 'string' },
  },
  async run(call) {
    const [act, which, ...more] = call.args
    if (act === 'list' && which === undefined) return list(call)
    if (!['publish', 'show', 'run'].includes(act ?? '') || which === undefined || more.length > 0)
      throw new CliError(exits.usage, `Say "cloister ${pipeline.usage.split(' | ').join('", "cloister pipeline ')}".`)
    if (act === 'publish') return publish(call, which)
    return act === 'show' ? showOne(call, which) : start(call, which)
  },
}
