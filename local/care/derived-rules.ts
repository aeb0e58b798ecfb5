/**
 * Items that say nothing which others do not say (`derived` in contracts/*.entities.ts), as they must be by what they
 * are derived from. A rule names an item only where its source proves that it must be there.
 */
import { jobLife } from '../../domain/jobs/life.ts'
import { lookAfterSeconds, runLife } from '../../domain/runs/life.ts'
import { recordedObject } from '../../adapters/local/object-records.ts'
import { kindFacts } from '../../functions/job-kind-facts.ts'
import {
  type DatasetItem,
  indexKeyOf,
  type JobItem,
  keyOf,
  type RunItem,
  type SynthesisItem,
} from '../../functions/kernel/items.ts'
import { experimentUploads, pipelineUploads } from '../../functions/pipelines/uploads.ts'
import { lateObjects } from '../../functions/runs/end-run.ts'
import { datasetUploads } from '../../functions/stores/dataset-uploads.ts'
import { studyUploads } from '../../functions/stores/study-uploads.ts'
import type { UploadFolder } from '../../functions/stores/uploads.ts'
import { heldPointer, livePointer, ownerPointer } from '../../functions/workflow/pointers.ts'
import type { Item } from '../../ports/table.ts'

/** What the rules want to know, gathered in one pass over the table. */
export interface Sources {
  runs: RunItem[]
  jobs: JobItem[]
  datasets: Item<DatasetItem>[]
  syntheses: SynthesisItem[]
  /** Runs of which chunks are there. */
  withChunks: Set<string>
  /** Sealed objects by their run. */
  sealed: Map<string, { sha256: string; size: number }[]>
  /** Folders of uploads in which something lies. */
  folders: Map<UploadFolder, Set<string>>
}

const uploadFolders = [studyUploads, datasetUploads, pipelineUploads, experimentUploads]

export const noSources = (): Sources => ({
  runs: [],
  jobs: [],
  datasets: [],
  syntheses: [],
  withChunks: new Set(),
  sealed: new Map(),
  folders: new Map(uploadFolders.map((folder) => [folder, new Set()])),
})

function gatherObject(item: Item, sources: Sources): boolean {
  const object = recordedObject(item)
  if (!object) return false
  const { bucket, key, record } = object
  const [, runId, sha256] = (bucket === 'sealed' && /^runs\/([^/]+)\/([^/]+)$/.exec(key)) || []
  if (runId !== undefined) {
    const held = sources.sealed.get(runId) ?? []
    sources.sealed.set(runId, [...held, { sha256: sha256!, size: record.size }])
  }
  for (const folder of uploadFolders) {
    const [before, after] = folder.prefix('\0').split('\0') as [string, string]
    const id = key.startsWith(before) ? key.slice(before.length).split('/')[0]! : ''
    if (bucket === folder.bucket && id !== '' && key.startsWith(`${before}${id}${after}`))
      sources.folders.get(folder)!.add(id)
  }
  return true
}

/** Takes from an item what the rules want to know of it. */
export function gather(item: Item, sources: Sources): void {
  if (gatherObject(item, sources)) return
  const run = keyOf.chunk.read(item)
  if (run) sources.withChunks.add(run.runId)
  else if (keyOf.run.read(item)) sources.runs.push(item as unknown as RunItem)
  else if (keyOf.job.read(item)) sources.jobs.push(item as unknown as JobItem)
  else if (keyOf.dataset.read(item)) sources.datasets.push(item as unknown as Item<DatasetItem>)
  else if (keyOf.synthesis.read(item)) sources.syntheses.push(item as unknown as SynthesisItem)
}

const deps = { kinds: kindFacts }
const inSeconds = (now: Date, seconds: number): string => new Date(now.getTime() + seconds * 1000).toISOString()

/** When the sweep must look at a run, undefined where nothing proves that it must. */
function lookAtRun(run: RunItem, { withChunks }: Sources, now: Date): string | undefined {
  const soon = inSeconds(now, lookAfterSeconds)
  const unfinished = run.pending === true || run.state === 'live'
  if (unfinished || (!runLife[run.state].hasData && withChunks.has(run.runId))) return soon
  const late = lateObjects(run)
  return late && late > now ? late.toISOString() : undefined
}

const look = (folder: UploadFolder) => (sources: Sources, now: Date) =>
  [...sources.folders.get(folder)!].map((id): Item => ({
    ...folder.key(id),
    ...folder.place(id, inSeconds(now, folder.quietDays * 86_400)),
  }))

/** What must be there of each derived entity, by its name in the contracts. */
export const derivedRules = {
  due: (sources, now) =>
    sources.runs.flatMap((run) => {
      const at = lookAtRun(run, sources, now)
      const { runId } = run
      return at === undefined ? [] : [{ ...keyOf.due(runId), ...indexKeyOf.due.byTime({ at, runId }), runId }]
    }),
  // Objects that lie there had their links; which links were given besides, nothing says.
  runObjects: ({ runs, sealed }) =>
    runs.flatMap(({ runId, state }) => {
      const held = sealed.get(runId) ?? []
      const bytes = held.reduce((sum, { size }) => sum + size, 0)
      return held.length === 0 || !runLife[state].takesRecords
        ? []
        : [{ ...keyOf.runObjects(runId), asked: held.map(({ sha256 }) => sha256), bytes }]
    }),
  studyUploads: look(studyUploads),
  datasetUploads: look(datasetUploads),
  pipelineUploads: look(pipelineUploads),
  experimentUploads: look(experimentUploads),
  jobOwner: ({ jobs }) => jobs.map((job) => ({ ...ownerPointer(deps, job) })),
  jobDataset: ({ jobs }) =>
    jobs
      .filter(({ kind, datasetId }) => kind === 'pipeline' && datasetId !== '')
      .map((job) => ({ ...keyOf.jobDataset(job.jobId), ...indexKeyOf.jobDataset.ofDataset(job), jobId: job.jobId })),
  jobLive: ({ jobs }) =>
    jobs
      .filter(({ state }) => jobLife[state].live)
      .map((job) => {
        const { livePlace, heldPlace } = kindFacts[job.kind]
        const place = job.state === 'held' ? heldPlace : livePlace
        return { ...livePointer(deps, job), ...indexKeyOf.jobLive[place](job) }
      }),
  // Of what was decided already nothing says when it was held.
  jobHeld: ({ jobs }) =>
    jobs.flatMap((job) => {
      const at = job.state === 'held' && job.waiting === 'checkers' ? job.steps.check?.ended : undefined
      return at === undefined ? [] : [{ ...heldPointer(job, at) }]
    }),
  datasetName: ({ datasets }) =>
    datasets
      .filter(({ gsk }) => gsk?.startsWith(indexKeyOf.dataset.ofOrganisation.prefix()))
      .map(({ organisationId, name, datasetId }) => ({ ...keyOf.datasetName(organisationId, name), datasetId })),
  datasetListed: ({ datasets }) =>
    datasets
      .filter(({ state, policy }) => state === 'published' && policy.listed)
      .map(({ datasetId, created }) => ({
        ...keyOf.datasetListed(datasetId),
        ...indexKeyOf.datasetListed.byTime({ datasetId, created }),
        datasetId,
      })),
  synthesisDue: ({ syntheses }) =>
    syntheses.flatMap(({ synthesisId, expires, state }) =>
      expires === undefined || state === 'expired'
        ? []
        : [
            {
              ...keyOf.synthesisDue(synthesisId),
              ...indexKeyOf.synthesisDue.byDay({ expires, synthesisId }),
              synthesisId,
            },
          ],
    ),
} satisfies Record<string, (sources: Sources, now: Date) => Item[]>

export type DerivedName = keyof typeof derivedRules
export const derivedNames = Object.keys(derivedRules) as DerivedName[]
