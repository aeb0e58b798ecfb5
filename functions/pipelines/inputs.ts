/** An experiment's inputs: links to upload them, sources made into files, and a look at pictures. */
import type { z } from 'zod'
import type { pipelines } from '../../contracts/pipelines.ts'
import type { InputSource } from '../../contracts/pipelines.shapes.ts'
import type { FieldError } from '../../contracts/problems.ts'
import { bounds, bytesInWords } from '../../domain/bounds.ts'
import { sha256Hex } from '../../domain/hash.ts'
import { releasedCsv } from '../../domain/jobs/release-card.ts'
import { NotAnImage } from '../../domain/pipelines/image-head.ts'
import { inspectImages } from '../../domain/pipelines/inspect.ts'
import { runStateOf } from '../../domain/pipelines/life.ts'
import type { PipelineDefinition } from '../../domain/pipelines/definition.ts'
import type { Caller } from '../kernel/caller.ts'
import type { Deps } from '../kernel/deps.ts'
import { Failure } from '../kernel/failure.ts'
import type { Implementation } from '../kernel/handler.ts'
import type { ExperimentFile, ExperimentItem } from '../kernel/items.ts'
import { inJob } from '../kernel/resources.ts'
import { inPipelineRun } from './resources.ts'
import type { ReleasedDocument } from '../release/decision.ts'
import { type ArtifactIndex, inputHash, pipelineObject, placeOf } from './objects.ts'
import { datasetAs, isRefusal } from './datasets.ts'
import { refuse, wantedVersion } from './admission.ts'
import { each } from '../kernel/each.ts'
import { linkSeconds } from '../kernel/links.ts'
import { linksGiven } from '../stores/uploads.ts'
import { experimentUploads } from './uploads.ts'
import { readJsonIfThere } from '../kernel/stored-json.ts'

type Routes = (typeof pipelines)['routes']
type Source = z.output<typeof InputSource>

export const inputUploads: Implementation<Routes['inputUploads']> = async ({ experiment, body }, deps) => {
  await linksGiven(deps, experimentUploads, experiment.experimentId)
  const uploads = await each(body.files, async ({ path, size, sha256 }) => {
    const key = pipelineObject.blob(experiment.experimentId, sha256)
    if ((await deps.objects.head('protected', key))?.size === size) return { path }
    return {
      path,
      upload: await deps.objects.signedPut(
        'protected',
        key,
        { sha256, size, type: 'application/octet-stream' },
        linkSeconds.transfer,
      ),
    }
  })
  return { uploads }
}

/** A problem of one source: its field and what to do. */
class Unusable extends Error {
  override name = 'Unusable'
  readonly error: Omit<FieldError, 'path'> & { below: string }
  constructor(below: string, message: string, expected?: string) {
    super(message)
    this.error = { below, message, ...(expected ? { expected } : {}) }
  }
}
const orUnusable = async <T>(work: Promise<T>, below: string, message: string): Promise<T> => {
  try {
    return await work
  } catch (e) {
    throw e instanceof Failure && e.kind !== 'internal' ? new Unusable(below, message) : e
  }
}

const fileName = (name: string): string =>
  `${
    name
      .normalize('NFKD')
      .replace(/[^A-Za-z0-9.-]+/g, '_')
      .replace(/^[._]+/, '')
      .slice(0, 80) || 'output'
  }.csv`

/** A release's outputs as CSV files of the experiment's own, so that the input stays what it was. */
async function fromRelease(
  deps: Deps,
  caller: Caller,
  experimentId: string,
  source: Extract<Source, { from: 'release' }>,
): Promise<ExperimentFile[]> {
  const { job } = await orUnusable(
    inJob(deps, caller, source.jobId, { permission: 'job.read' }),
    'jobId',
    'There is no such job that you may see',
  )
  const document =
    job.state === 'succeeded' && job.released !== undefined
      ? await readJsonIfThere<ReleasedDocument>(deps, 'released', `jobs/${job.jobId}/result.json`)
      : undefined
  if (!document) throw new Unusable('jobId', 'Nothing of this job was released', 'a job that has succeeded')
  const outputs = document.outputs.filter((o) => source.output === undefined || o.name === source.output)
  if (outputs.length === 0)
    throw new Unusable('output', 'The release has no such output', document.outputs.map((o) => o.name).join(', '))
  return each(outputs, async (output): Promise<ExperimentFile> => {
    const bytes = new TextEncoder().encode(releasedCsv(output))
    const sha256 = await sha256Hex(bytes)
    await deps.objects.put('protected', pipelineObject.blob(experimentId, sha256), bytes, 'text/csv')
    return { path: fileName(output.name), size: bytes.length, sha256, from: 'release', jobId: job.jobId }
  })
}

async function fromRun(
  deps: Deps,
  caller: Caller,
  source: Extract<Source, { from: 'run' }>,
): Promise<ExperimentFile[]> {
  const { job } = await orUnusable(
    inPipelineRun(deps, caller, source.jobId, { permission: 'experiment.read' }),
    'jobId',
    'There is no such run that you may see',
  )
  const state = runStateOf(job)
  if (state !== 'succeeded')
    throw new Unusable('jobId', `The run has not succeeded: it is ${state}`, 'a run that has succeeded')
  const index = await readJsonIfThere<ArtifactIndex>(deps, 'released', pipelineObject.index(job.jobId))
  const found = index?.items.find((a) => a.path === source.path)
  if (!found)
    throw new Unusable(
      'path',
      'The run left no such file',
      index?.items
        .slice(0, 20)
        .map((a) => a.path)
        .join(', '),
    )
  if (found.zipped)
    throw new Unusable(
      'path',
      'This file lies in the archive of what was over the limit; download it and upload it here',
    )
  return [
    {
      path: found.path.split('/').at(-1)!,
      size: found.size,
      sha256: found.sha256,
      from: 'run',
      jobId: job.jobId,
      slot: found.slot,
    },
  ]
}

async function filesOf(
  deps: Deps,
  caller: Caller,
  experiment: ExperimentItem,
  source: Exclude<Source, { from: 'dataset' }>,
): Promise<ExperimentFile[]> {
  switch (source.from) {
    case 'upload':
      return [{ path: source.path, size: source.size, sha256: source.sha256, from: 'upload' }]
    case 'release':
      return fromRelease(deps, caller, experiment.experimentId, source)
    case 'run':
      return fromRun(deps, caller, source)
  }
}

type Inputs = ExperimentItem['inputs']

/** A dataset as an input of its own: nothing beside it, and no second one. */
async function fromDataset(
  deps: Deps,
  caller: Caller,
  { organisationId }: ExperimentItem,
  definition: PipelineDefinition,
  name: string,
  list: readonly Source[],
  others: Inputs,
): Promise<Inputs[number] | FieldError> {
  const at = list.findIndex((s) => s.from === 'dataset')
  const { datasetId } = list[at] as Extract<Source, { from: 'dataset' }>
  const path = `/body/inputs/${name}/${at}/datasetId`
  if (list.length > 1)
    return {
      path,
      message: 'A dataset is an input of its own: nothing else goes into it',
      expected: 'the dataset alone',
    }
  if (others.some((i) => i.datasetId !== undefined))
    return { path, message: 'An experiment has one dataset: each is asked by its own policy' }
  const found = await datasetAs(
    deps,
    caller,
    organisationId,
    definition,
    definition.inputs.find((i) => i.name === name)!,
    datasetId,
  )
  return isRefusal(found) ? { path, ...found } : { name, hash: found.version.hash, files: 0, bytes: 0, datasetId }
}

/**
 * Sources as files, kept where runs find them. Throws `invalid-run` by field, and `asset-missing` when an upload has
 * not arrived.
 */
export async function storeInputs(
  deps: Deps,
  caller: Caller,
  experiment: ExperimentItem,
  definition: PipelineDefinition,
  sources: Record<string, Source[]>,
): Promise<Inputs> {
  // Files of releases are written on the way, and lists that are replaced have no other end.
  await linksGiven(deps, experimentUploads, experiment.experimentId)
  const errors: FieldError[] = []
  const missing: FieldError[] = []
  const out: Inputs = []
  const names = definition.inputs.map((i) => i.name)
  for (const [name, list] of Object.entries(sources)) {
    const at = `/body/inputs/${name}`
    if (!names.includes(name)) {
      errors.push({
        path: at,
        message: 'The pipeline has no such input',
        value: name,
        expected: names.join(', ') || 'none',
      })
      continue
    }
    if (list.some((s) => s.from === 'dataset')) {
      const one = await fromDataset(deps, caller, experiment, definition, name, list, out)
      if ('path' in one) errors.push(one)
      else out.push(one)
      continue
    }
    const found = await each(list as Exclude<Source, { from: 'dataset' }>[], async (source, index) => {
      try {
        return await filesOf(deps, caller, experiment, source)
      } catch (e) {
        if (!(e instanceof Unusable)) throw e
        const { below, ...error } = e.error
        errors.push({ ...error, path: `${at}/${index}/${below}` })
        return []
      }
    })
    const files = found.flatMap((some, i) => some.map((f) => ({ ...f, i })))
    const seen = new Set<string>()
    for (const file of files) {
      if (seen.has(file.path))
        errors.push({ path: `${at}/${file.i}`, message: 'Two files of this name', value: file.path })
      seen.add(file.path)
    }
    const bytes = files.reduce((n, f) => n + f.size, 0)
    if (files.length > bounds.input.files)
      errors.push({ path: at, message: `${files.length} files`, expected: `at most ${bounds.input.files}` })
    if (bytes > bounds.input.bytes)
      errors.push({
        path: at,
        message: `${bytesInWords(bytes)} together`,
        expected: `at most ${bytesInWords(bounds.input.bytes)}`,
      })
    const heads = await each(files, async (file) =>
      file.from === 'upload'
        ? deps.objects.head('protected', pipelineObject.blob(experiment.experimentId, file.sha256))
        : { size: file.size },
    )
    missing.push(
      ...files.flatMap((file, place) =>
        heads[place]?.size === file.size
          ? []
          : [
              {
                path: `${at}/${file.i}`,
                message: heads[place]
                  ? `Stored with ${heads[place].size} bytes, declared with ${file.size}`
                  : 'Not uploaded',
                value: file.path,
              },
            ],
      ),
    )
    const kept: ExperimentFile[] = files.map(({ i: _, ...f }) => f)
    const hash = await inputHash(kept)
    if (errors.length === 0 && missing.length === 0)
      await deps.objects.put(
        'protected',
        pipelineObject.input(experiment.experimentId, hash),
        new TextEncoder().encode(JSON.stringify(kept)),
        'application/json',
      )
    if (kept.length > 0) out.push({ name, hash, files: kept.length, bytes: kept.reduce((n, f) => n + f.size, 0) })
  }
  if (errors.length > 0) throw refuse(errors)
  if (missing.length > 0)
    throw new Failure(
      'asset-missing',
      `${missing.length} files have not been uploaded. Ask for links (POST uploads), send the bytes, and save again.`,
      missing.slice(0, 50),
    )
  return out
}

/** Files of an input, as they were when its hash was taken; none for a dataset or an empty input. */
export const inputFiles = async (
  deps: Pick<Deps, 'objects'>,
  experimentId: string,
  input: Pick<ExperimentItem['inputs'][number], 'hash' | 'files'>,
): Promise<ExperimentFile[]> =>
  input.files === 0
    ? []
    : ((await readJsonIfThere<ExperimentFile[]>(deps, 'protected', pipelineObject.input(experimentId, input.hash))) ??
      [])

/** Larger files are looked at in the browser, which reads a slice of them. */
const largestLookedAt = 64 * 1024 * 1024

export const propose: Implementation<Routes['propose']> = async ({ experiment, body }, deps) => {
  const input = experiment.inputs.find((i) => i.name === body.input)
  if (!input)
    throw refuse([
      {
        path: '/body/input',
        message: 'There are no files in this input',
        value: body.input,
        expected: experiment.inputs.map((i) => i.name).join(', ') || 'an input with files',
      },
    ])
  const [files, version] = await Promise.all([
    inputFiles(deps, experiment.experimentId, input),
    wantedVersion(deps, experiment.pipelineId, experiment.version, experiment.version),
  ])
  const large = files.find((f) => f.size > largestLookedAt)
  if (large)
    throw refuse([
      {
        path: '/body/input',
        message: `${large.path} is too large to be looked at here`,
        value: large.size,
        expected: `files of at most ${largestLookedAt / 1024 / 1024} MB; the portal looks at larger ones before they are uploaded`,
      },
    ])
  const bytesOf = async (file: ExperimentFile): Promise<Uint8Array> => {
    const { bucket, key } = placeOf(experiment.experimentId, file)
    return deps.objects.get(bucket, key)
  }
  try {
    // One file in memory at a time, and only those that are looked at.
    const found = await inspectImages(
      files.map((file) => {
        let bytes: Promise<Uint8Array> | undefined
        return {
          path: file.path,
          read: async (offset, length) => (await (bytes ??= bytesOf(file))).subarray(offset, offset + length),
        }
      }),
    )
    const parameters = Object.fromEntries(
      Object.entries(version.definition.parameters.properties).flatMap(([name, p]) =>
        p.propose ? [[name, found[p.propose]]] : [],
      ),
    )
    return { ...found, parameters }
  } catch (e) {
    if (!(e instanceof NotAnImage)) throw e
    throw refuse([
      {
        path: '/body/input',
        message: `Not pictures that can be read: ${e.message.charAt(0).toLowerCase()}${e.message.slice(1)}`,
        value: body.input,
        expected: 'TIFF stacks, or a folder of TIFF or PNG files',
      },
    ])
  }
}
