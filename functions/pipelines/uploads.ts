/** Files that were uploaded for pipelines and experiments: named by versions, and by lists of inputs. */
import { queryAll } from '../../ports/table.ts'
import type { Deps } from '../kernel/deps.ts'
import {
  type ExperimentFile,
  type ExperimentItem,
  indexKeyOf,
  type JobItem,
  keyOf,
  type PipelineVersionItem,
} from '../kernel/items.ts'
import { readJson } from '../kernel/stored-json.ts'
import type { UploadFolder } from '../stores/uploads.ts'
import { pipelineObject, placeOf } from './objects.ts'

/** Code of a pipeline, also of one that was never published. */
export const pipelineUploads: UploadFolder = {
  bucket: 'protected',
  prefix: (pipelineId) => pipelineObject.code(pipelineId, ''),
  key: keyOf.pipelineUploads,
  idOf: (key) => keyOf.pipelineUploads.read(key)!.pipelineId,
  place: (pipelineId, at) => indexKeyOf.pipelineUploads.byTime({ pipelineId, at }),
  partition: indexKeyOf.pipelineUploads.byTime.partition(),
  quietDays: 7,
  named: async ({ table }, pipelineId) => {
    const named = new Set<string>()
    for await (const { files } of queryAll<Pick<PipelineVersionItem, 'files'>>(
      table,
      keyOf.pipelineVersion.partition(pipelineId),
      { prefix: keyOf.pipelineVersion.prefix(), attributes: ['files'] },
    ))
      for (const { sha256 } of files) named.add(pipelineObject.code(pipelineId, sha256))
    return named
  },
}

/** Hashes of the lists of an experiment's inputs, as they are and as its runs had them. */
async function listsOf({ table }: Pick<Deps, 'table'>, { experimentId, inputs }: ExperimentItem): Promise<Set<string>> {
  const withFiles = (some: readonly { hash: string; files: number }[]): string[] =>
    some.filter(({ files }) => files > 0).map(({ hash }) => hash)
  const lists = new Set(withFiles(inputs))
  const { ofExperiment } = indexKeyOf.job
  for await (const { run } of queryAll<Pick<JobItem, 'run'>>(table, ofExperiment.partition(experimentId), {
    index: true,
    prefix: ofExperiment.prefix(),
    attributes: ['run'],
  }))
    for (const hash of withFiles(run?.inputs ?? [])) lists.add(hash)
  return lists
}

/** Inputs of an experiment; of one that was deleted, all. */
export const experimentUploads: UploadFolder = {
  bucket: 'protected',
  prefix: (experimentId) => `experiments/${experimentId}/`,
  key: keyOf.experimentUploads,
  idOf: (key) => keyOf.experimentUploads.read(key)!.experimentId,
  place: (experimentId, at) => indexKeyOf.experimentUploads.byTime({ experimentId, at }),
  partition: indexKeyOf.experimentUploads.byTime.partition(),
  quietDays: 7,
  named: async (deps, experimentId) => {
    const experiment = await deps.table.get<ExperimentItem>(keyOf.experiment(experimentId))
    if (!experiment) return 'left'
    const named = new Set<string>()
    for (const hash of await listsOf(deps, experiment)) {
      const list = pipelineObject.input(experimentId, hash)
      named.add(list)
      for (const file of await readJson<ExperimentFile[]>(deps, 'protected', list))
        named.add(placeOf(experimentId, file).key)
    }
    return named
  },
}
