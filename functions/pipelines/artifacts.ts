/** What a run left in its output folder: the list, and links to the bytes. */
import type { pipelines } from '../../contracts/pipelines.ts'
import { kindOf, matches } from '../../domain/pipelines/definition.ts'
import { artifactSlots } from '../../domain/pipelines/manifest.ts'
import type { Deps } from '../kernel/deps.ts'
import { Failure, notFound } from '../kernel/failure.ts'
import type { Implementation } from '../kernel/handler.ts'
import { type ArtifactIndex, pipelineObject } from './objects.ts'
import { versionOf } from './publishing.ts'
import { mayShowArtifacts } from './runs.ts'
import { runStateOf } from '../../domain/pipelines/life.ts'
import type { RunJob } from './run-job.ts'
import { readJsonIfThere } from '../kernel/stored-json.ts'
import { linkSeconds } from '../kernel/links.ts'

type Routes = (typeof pipelines)['routes']

async function indexOf(deps: Deps, job: RunJob): Promise<ArtifactIndex> {
  if (!mayShowArtifacts(job))
    throw new Failure(
      'result-not-released',
      job.datasetId === ''
        ? `The run is ${runStateOf(job)}: its artifacts are there when it is over.`
        : 'A protected dataset is among this run’s inputs: its artifacts are there once output checkers have let them out.',
    )
  // A run that never started, or was stopped, left nothing.
  return (
    (await readJsonIfThere<ArtifactIndex>(deps, 'released', pipelineObject.index(job.jobId))) ?? {
      items: [],
      leftOut: 0,
    }
  )
}

export const artifacts: Implementation<Routes['artifacts']> = async ({ job }, deps) => {
  const [{ items, leftOut }, version] = await Promise.all([
    indexOf(deps, job),
    versionOf(deps, job.run.pipelineId, job.run.version),
  ])
  const outputs = version?.definition.outputs ?? []
  const declaredAt = (path: string): number => {
    const at = outputs.findIndex((o) => matches(o.match, path))
    return at < 0 ? outputs.length : at
  }
  return {
    leftOut,
    // In the definition's order, the others after them by name.
    items: items
      .map((a) => ({ a, at: declaredAt(a.path) }))
      .sort((x, y) => x.at - y.at || x.a.path.localeCompare(y.a.path, 'en', { numeric: true }))
      .map(({ a: artifact, at }) => {
        const output = outputs[at]
        return {
          path: artifact.path,
          kind: kindOf(outputs, artifact.path),
          ...(output?.title ? { title: output.title } : {}),
          ...(output?.help ? { help: output.help } : {}),
          size: artifact.size,
          sha256: artifact.sha256,
          zipped: artifact.zipped === true,
          declared: output !== undefined,
        }
      }),
  }
}

export const artifact: Implementation<Routes['artifact']> = async ({ job, query }, deps) => {
  const found = (await indexOf(deps, job)).items.find((a) => a.path === query.path)
  if (!found) throw notFound()
  const filename = found.zipped ? `${job.jobId}-more.zip` : found.path.split('/').at(-1)!
  const { url, expires } = await deps.objects.signedGet(
    'released',
    pipelineObject.artifact(job.jobId, found.zipped ? artifactSlots - 1 : found.slot),
    linkSeconds.transfer,
    filename,
  )
  return { url, filename, size: found.size, expires }
}
