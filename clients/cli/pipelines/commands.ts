/** pipeline publish, list, show, run: long-running processing, set up and started from a folder or a terminal. */
import { openAsBlob } from 'node:fs'
import { join, resolve } from 'node:path'
import type { PipelineDefinition } from '../../../domain/pipelines/definition.ts'
import { sendFiles } from '../../publish.ts'
import { defineCommand, type Group, organisation } from '../command.ts'
import { filesBelow, mustBeFolder } from '../files.ts'
import { show } from '../io.ts'
import { connect, organisationMeant } from '../session.ts'
import { count, table, tame } from '../text.ts'
import { definitionName, definitionOf } from './definition.ts'
import { findPipeline, type ListedPipeline, type Pipeline, pipelineArgument, pipelinesOf } from './find.ts'
import { run } from './runs.ts'
import { start } from './start.ts'

const publish = defineCommand({
  name: 'publish',
  usage: 'publish FOLDER',
  summary: 'Publishes a folder as a new version of its pipeline',
  rows: [['publish FOLDER [--note TEXT]', 'pipeline.json says what it is, the other files are its code']],
  argument: { name: 'FOLDER', help: 'a folder with pipeline.json and the code' },
  options: { org: organisation, note: { type: 'string', value: 'TEXT', help: 'what is new in this version' } },
  examples: ['cloister pipeline publish ./smooth --note "Faster"'],
  async run({ io, options, argument: folder }) {
    await mustBeFolder(folder)
    const paths = (await filesBelow(resolve(folder))).filter((path) => path !== definitionName)
    const definition = await definitionOf(folder, paths)
    const { session, organisationId } = await organisationMeant({ io, options })
    const { client, server } = session
    const params = { organisationId }
    const files = await sendFiles({
      files: await Promise.all(paths.map(async (path) => ({ path, data: await openAsBlob(join(folder, path)) }))),
      progress: (progress) => io.progress(`Uploading ${count(progress.files.length, 'file')}`),
      signal: io.signal,
      ask: async (some) => {
        const body = { name: definition.name, files: some }
        return (await client.pipelines.uploads({ params, body, signal: io.signal })).uploads
      },
    })
    const made = await client.pipelines.publish({ params, body: { definition, files, note: options.note ?? '' } })
    const parts = `${count(files.length, 'file')}, ${count(made.parameters, 'parameter')}`
    show(
      io,
      made,
      () => `${tame(made.title)}: version ${made.version} (${parts})\n${server}/pipelines/${made.pipelineId}`,
    )
  },
})

const pipelineTable = (items: readonly ListedPipeline[]): string =>
  table(
    ['name', 'version', 'runtime', 'parameters', 'title'],
    items.map(({ name, version, runtime, parameters, title }) => [name, version, runtime, parameters, title]),
  )

const list = defineCommand({
  name: 'list',
  usage: 'list',
  summary: 'Pipelines of an organisation',
  options: { org: organisation },
  async run({ io, options }) {
    const found = await pipelinesOf(await connect(io, options.server), options.org)
    show(io, found, () =>
      found.length === 0 ? 'No pipelines. "cloister pipeline publish ./folder" publishes one.' : pipelineTable(found),
    )
  },
})

const inputTable = (inputs: PipelineDefinition['inputs']): string =>
  table(
    ['input', 'kind', 'needed', 'help'],
    inputs.map(({ name, kind, required, help }) => [name, kind, required ? 'yes' : 'no', help ?? '']),
  )

function parameterTable({ properties, required = [] }: PipelineDefinition['parameters']): string {
  const defaultOf = (name: string, value: unknown): string => {
    if (value !== undefined) return JSON.stringify(value)
    return required.includes(name) ? '(needed)' : ''
  }
  return table(
    ['parameter', 'type', 'unit', 'default', 'help'],
    Object.entries(properties).map(([name, parameter]) => [
      name,
      parameter.type,
      parameter.unit ?? '',
      defaultOf(name, parameter.default),
      parameter.description ?? parameter.title ?? '',
    ]),
  )
}

/** A pipeline as `pipeline show` prints it: what it is, its inputs, its parameters. */
function pipelineText({ title, name, version, definition }: Pipeline): string {
  const { description, inputs, parameters } = definition
  return [
    `${tame(title)} (${name}, version ${version})`,
    tame(description),
    inputs.length ? inputTable(inputs) : '',
    Object.keys(parameters.properties).length ? parameterTable(parameters) : '',
  ]
    .filter(Boolean)
    .join('\n\n')
}

const showOne = defineCommand({
  name: 'show',
  usage: 'show NAME',
  summary: 'Inputs and parameters of a pipeline',
  argument: pipelineArgument,
  options: { org: organisation },
  async run({ io, options, argument }) {
    const found = await findPipeline(await connect(io, options.server), argument, options.org)
    show(io, found, () => pipelineText(found))
  },
})

const pipeline: Group = {
  name: 'pipeline',
  summary: 'Pipelines: publish one from a folder, set it up and run it',
  commands: [publish, list, showOne, start],
  column: 39,
  detail: 'NAME is a pipeline’s name or id. Give the same --key twice and the second time answers the first run.',
}

export const pipelines: readonly Group[] = [pipeline, run]
