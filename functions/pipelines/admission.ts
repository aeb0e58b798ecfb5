/** Whether a set-up can run as it is: looked at in full, and every fault named by its field, before a run exists. */
import type { FieldError } from '../../contracts/problems.ts'
import { canonical, sha256Hex } from '../../domain/hash.ts'
import { type PipelineDefinition, mostResources, type Resources } from '../../domain/pipelines/definition.ts'
import { type Fault, parameterFaults, type Values, withDefaults } from '../../domain/pipelines/parameters.ts'
import type { Deps } from '../kernel/deps.ts'
import { Failure } from '../kernel/failure.ts'
import type { ExperimentItem, PipelineVersionItem } from '../kernel/items.ts'
import { versionOf } from './publishing.ts'

/** What a run is made of: an experiment's, or an earlier run's. */
export interface SetUp {
  pipelineId: string
  version: number
  parameters: Record<string, unknown>
  resources: Partial<Resources>
  inputs: ExperimentItem['inputs']
}
export interface Terms {
  version: PipelineVersionItem
  parameters: Values
  resources: Resources
  /** Of code, inputs, parameters: what the run's result follows from. */
  hash: string
}

/** The failure that names every field that is wrong, the first of them in words. `errors` has one at least. */
export const refuse = (
  errors: readonly FieldError[],
  kind: 'invalid-run' | 'invalid-pipeline' = 'invalid-run',
): Failure => {
  const { path, message, expected } = errors[0]!
  const field = path.replace(/^\/body\//, '')
  const wrong = `${message.charAt(0).toLowerCase()}${message.slice(1)}`
  const wanted = expected ? ` (expected: ${expected})` : ''
  return new Failure(kind, `${field}: ${wrong}${wanted}.`, errors.slice(0, 50))
}
const below = (at: string, faults: readonly Fault[]): FieldError[] =>
  faults.map((f) => ({ ...f, path: `${at}${f.path}` }))

/** The version of a pipeline that is to run; by field when there is none. */
export async function wantedVersion(
  deps: Pick<Deps, 'table'>,
  pipelineId: string,
  version: number,
  newest: number,
): Promise<PipelineVersionItem> {
  const found = await versionOf(deps, pipelineId, version)
  if (!found)
    throw refuse([
      {
        path: '/body/version',
        message: 'The pipeline has no such version',
        value: version,
        expected: newest > 1 ? `1 to ${newest}` : '1',
      },
    ])
  return found
}

/** Faults of values alone: what is missing is not one yet. */
export const valueErrors = (definition: PipelineDefinition, values: Record<string, unknown>): FieldError[] =>
  below('/body/parameters', parameterFaults({ ...definition.parameters, required: [] }, values))

/** What of the resources cannot be had, of the definition's own or those in their place. */
function resourceErrors(deps: Pick<Deps, 'settings'>, resources: Resources): FieldError[] {
  // An installation that has GPUs says so.
  const largest = { ...mostResources, gpus: 0, ...deps.settings.pipelines?.().largest }
  return (['cpus', 'memoryMb', 'gpus', 'seconds'] as const).flatMap((name) =>
    resources[name] <= largest[name]
      ? []
      : [
          {
            path: `/body/resources/${name}`,
            message:
              name === 'gpus' && largest.gpus === 0
                ? 'This installation has no GPU'
                : 'More than this installation has for a run',
            value: resources[name],
            expected: `at most ${largest[name]}`,
          },
        ],
  )
}

/** Everything that is wrong with a set-up; `at` is where parameters and inputs stand in the request. */
export function setUpErrors(
  deps: Pick<Deps, 'settings'>,
  definition: PipelineDefinition,
  setUp: Pick<SetUp, 'parameters' | 'resources' | 'inputs'>,
): FieldError[] {
  const runtimes = deps.settings.pipelines?.().runtimes
  const inputs = new Map(setUp.inputs.map((i) => [i.name, i]))
  return [
    ...below(
      '/body/parameters',
      parameterFaults(definition.parameters, withDefaults(definition.parameters, setUp.parameters)),
    ),
    ...definition.inputs.flatMap((input): FieldError[] => {
      const path = `/body/inputs/${input.name}`
      const has = inputs.get(input.name)
      if (!has || (has.files === 0 && has.datasetId === undefined))
        return input.required
          ? [
              {
                path,
                message: 'Missing: put files into it first',
                expected: {
                  files: 'a file or more',
                  table: 'one CSV or TSV file',
                  images: 'a stack or a folder of pictures',
                }[input.kind],
              },
            ]
          : []
      return input.kind === 'table' && has.files !== 1 && has.datasetId === undefined
        ? [
            {
              path,
              message: `A table is one file, and there are ${has.files}`,
              value: has.files,
              expected: 'one CSV or TSV file',
            },
          ]
        : []
    }),
    ...setUp.inputs
      .filter((i) => !definition.inputs.some((x) => x.name === i.name))
      .map((input) => ({
        path: `/body/inputs/${input.name}`,
        message: 'This version of the pipeline has no such input',
        value: input.name,
        expected: definition.inputs.map((x) => x.name).join(', ') || 'none',
      })),
    ...resourceErrors(deps, { ...definition.resources, ...setUp.resources } as Resources),
    ...(runtimes && !runtimes.includes(definition.runtime)
      ? [
          {
            path: '/body/version',
            message: `This installation cannot run ${definition.runtime}`,
            value: definition.runtime,
            expected: runtimes.join(', ') || 'a runtime: ask whoever runs the installation',
          },
        ]
      : []),
  ]
}

/** What will run. Throws `invalid-run` with every fault by its field. */
export async function runTermsOf(
  deps: Pick<Deps, 'settings'>,
  version: PipelineVersionItem,
  setUp: SetUp,
): Promise<Terms> {
  const { definition } = version
  const errors = setUpErrors(deps, definition, setUp)
  if (errors.length > 0) throw refuse(errors)
  const parameters = withDefaults(definition.parameters, setUp.parameters) as Values
  const inputs = setUp.inputs
    .filter((i) => i.files > 0 || i.datasetId !== undefined)
    .map(({ name, hash, datasetId }) => ({ name, hash, ...(datasetId ? { datasetId } : {}) }))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
  return {
    version,
    parameters,
    resources: { ...definition.resources, ...setUp.resources } as Resources,
    hash: await sha256Hex(canonical({ format: 1, code: version.codeHash, inputs, parameters })),
  }
}
