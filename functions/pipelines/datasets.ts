/**
 * Protected datasets as inputs: whether this one may be one, and what a run on it is asked as. Reads declarations only.
 */
import type { Language } from '../../domain/datasets/policy.ts'
import { whyNot } from '../../domain/datasets/asking.ts'
import type { PipelineDefinition, PipelineInput } from '../../domain/pipelines/definition.ts'
import { defaultLimits } from '../../domain/jobs/manifest.ts'
import type { Caller } from '../kernel/caller.ts'
import type { Deps } from '../kernel/deps.ts'
import { Failure } from '../kernel/failure.ts'
import {
  type DatasetItem,
  type DatasetVersionItem,
  type ExperimentItem,
  keyOf,
  type PipelineVersionItem,
} from '../kernel/items.ts'
import { inDataset } from '../kernel/resources.ts'
import { pipelineObject } from './objects.ts'
import { refuse, type Terms } from './admission.ts'
import type { Question } from '../release/question.ts'

/** A dataset as one input of a run, in the version that is published now. */
export interface DatasetInput {
  name: string
  dataset: DatasetItem
  version: DatasetVersionItem
}
export interface Refusal {
  message: string
  expected?: string
}

/** Runtimes that a dataset's policy knows as languages. */
const languageOf = (runtime: PipelineDefinition['runtime']): Language | undefined =>
  runtime === 'python' || runtime === 'r' ? runtime : undefined

/** The dataset as this input, or what stands in the way, in a sentence for the person who chose it. */
export async function datasetAs(
  deps: Deps,
  caller: Caller,
  organisationId: string,
  definition: PipelineDefinition,
  input: PipelineInput,
  datasetId: string,
): Promise<DatasetInput | Refusal> {
  const found = await inDataset(deps, caller, datasetId, { permission: 'dataset.analyse' }).catch((error: unknown) => {
    if (error instanceof Failure && error.kind !== 'internal') return undefined
    throw error
  })
  if (!found || found.dataset.organisationId !== organisationId)
    return { message: 'There is no such dataset of this organisation that you may ask' }
  const { dataset, subject } = found
  const why = whyNot(dataset, { ...subject, userId: caller.userId }, deps.now().toISOString().slice(0, 10))
  if (why !== undefined) return { message: why.replace(/\.$/, '') }
  const { policy } = dataset
  const language = languageOf(definition.runtime)
  if (!language)
    return {
      message: `On a dataset only pipelines of the runtimes python and r run, and this one is ${definition.runtime}`,
      expected: 'another pipeline, or an input that is no dataset',
    }
  if (!policy.languages.includes(language))
    return { message: `The dataset’s policy does not take ${language}`, expected: policy.languages.join(', ') }
  if (!policy.modes.includes('review'))
    return {
      message: 'The dataset’s policy has no release by review: artifacts are files, which rules and noise cannot judge',
      expected: 'a dataset whose policy allows review',
    }
  if (policy.approval)
    return {
      message:
        'The dataset’s policy asks a custodian to approve each analysis beforehand, which runs of pipelines do not wait for',
      expected: 'the dataset asked with a script',
    }
  const version = await deps.table.get<DatasetVersionItem>(keyOf.datasetVersion(datasetId, dataset.version))
  if (!version) return { message: 'The dataset is not published yet' }
  if (input.kind === 'images')
    return {
      message: 'An input of images is a stack or a folder of pictures, and a dataset is tables with their volumes',
      expected: 'an input of kind files or table',
    }
  const { tables } = version.data.schema
  if (input.kind === 'table' && tables.length !== 1)
    return {
      message: `A table is one file, and this dataset has ${tables.length} tables`,
      expected: 'an input of kind files',
    }
  return { name: input.name, dataset, version }
}

/** Whether a dataset cannot be the input. */
export const isRefusal = (found: DatasetInput | Refusal): found is Refusal => 'message' in found

/**
 * A run's inputs with its dataset as it is published now, if there is one; looked at again each time a run starts, for
 * policies change. Throws `invalid-run` by the input's field.
 */
export async function withDataset(
  deps: Deps,
  caller: Caller,
  organisationId: string,
  definition: PipelineDefinition,
  inputs: ExperimentItem['inputs'],
): Promise<{ inputs: ExperimentItem['inputs']; on?: DatasetInput }> {
  const at = inputs.findIndex((i) => i.datasetId !== undefined)
  const chosen = inputs[at]
  const input = definition.inputs.find((i) => i.name === chosen?.name)
  // What the version has no input for is refused with the other fields.
  if (!chosen || !input) return { inputs }
  const on = await datasetAs(deps, caller, organisationId, definition, input, chosen.datasetId!)
  if (isRefusal(on)) throw refuse([{ path: `/body/inputs/${chosen.name}`, ...on }])
  return { inputs: inputs.with(at, { ...chosen, hash: on.version.hash }), on }
}

/** Text that checkers read of the code: characters in all, and bytes of one file. */
const codeShown = 400_000
const fileShown = 200_000

/** The pipeline's command and code as one text. */
async function codeText(
  deps: Pick<Deps, 'objects'>,
  { definition, files, pipelineId, version, codeHash }: PipelineVersionItem,
): Promise<string> {
  let text = `# Pipeline ${definition.name}, version ${version} (${codeHash})\n# Command: ${definition.command.join(' ').replaceAll(/\s+/g, ' ')}\n`
  for (const file of files) {
    const title = `\n# ---- ${file.path} (${file.size} bytes, SHA-256 ${file.sha256})`
    let body: string | undefined
    if (file.size <= fileShown && text.length + file.size <= codeShown)
      try {
        body = new TextDecoder('utf-8', { fatal: true }).decode(
          await deps.objects.get('protected', pipelineObject.code(pipelineId, file.sha256)),
        )
      } catch (e) {
        if (!(e instanceof TypeError)) throw e
      }
    text += body === undefined ? `${title}: not shown, it is long or no text\n` : `${title}\n${body}\n`
  }
  return text
}

/** What is asked of the dataset, in the words of an ordinary job: what checkers and custodian look at. */
export const questionFor = async (
  deps: Pick<Deps, 'objects'>,
  on: DatasetInput,
  experiment: ExperimentItem,
  { version, parameters, resources }: Terms,
): Promise<Question> => ({
  dataset: on.dataset.datasetId,
  cohort: [],
  language: languageOf(version.definition.runtime)!,
  code: await codeText(deps, version),
  parameters: parameters as Question['parameters'],
  mode: 'review',
  purpose: purposeOf(experiment),
  declared: [],
  limits: { seconds: Math.min(resources.seconds, 3600), memoryMb: Math.min(resources.memoryMb, 16_384) },
})

/** What a run on a dataset is for: its experiment’s title and description, 1,000 characters at most. */
export const purposeOf = (experiment: Pick<ExperimentItem, 'title' | 'description'>): string =>
  [experiment.title, experiment.description]
    .filter((t) => t !== '')
    .join(': ')
    .slice(0, 1000)

/**
 * Artifacts of a run on a dataset are looked at by people, and travel in one answer: so many bytes of them together,
 * and so many files.
 */
export const heldLimits = { bytes: 3_000_000, files: defaultLimits.outputFiles } as const
