/** What was released, as an answer and as files; and what the custodian may look at besides. */
import { zipSync } from 'fflate'
import type { jobs } from '../../contracts/jobs.ts'
import { releasedCsv } from '../../domain/jobs/release-card.ts'
import { crateFiles } from '../../domain/jobs/ro-crate.ts'
import { ObjectMissing } from '../../ports/objects.ts'
import { record, whoOf } from '../kernel/audit.ts'
import { Failure } from '../kernel/failure.ts'
import type { Implementation } from '../kernel/handler.ts'
import { type ApprovalItem, type JobItem, keyOf, type OrganisationItem } from '../kernel/items.ts'
import { questionOf } from './listing.ts'
import { type Log, objectOf } from '../workflow/job-item.ts'
import type { ReleasedDocument } from '../release/decision.ts'
import { readJson } from '../kernel/stored-json.ts'
import { Names } from '../kernel/names.ts'
import type { WorkflowDeps } from '../workflow/job-kind.ts'
import { linkSeconds } from '../kernel/links.ts'

type Routes = (typeof jobs)['routes']

/** The job's state alone opens a release: outputs may lie ready before it, or after a cancellation that won. */
async function releasedOf(deps: Pick<WorkflowDeps, 'objects' | 'kinds'>, job: JobItem): Promise<ReleasedDocument> {
  if (!deps.kinds[job.kind].hasResult)
    throw new Failure(
      'result-not-released',
      'This is a run of a pipeline: what leaves is among its artifacts, on the run’s own page.',
    )
  if (job.state !== 'succeeded' || job.released === undefined)
    throw new Failure(
      'result-not-released',
      job.state === 'succeeded'
        ? 'This kind of job has no result to release.'
        : `Nothing was released: the job is ${job.state}.`,
    )
  return readJson<ReleasedDocument>(deps, 'released', objectOf.result(job.jobId))
}

export const result: Implementation<Routes['result'], WorkflowDeps> = async ({ job }, deps) => {
  const { outputs, files, card } = await releasedOf(deps, job)
  return {
    outputs,
    card,
    files: await Promise.all(
      files.map(async (file) => ({
        ...file,
        url: (
          await deps.objects.signedGet('released', objectOf.file(job.jobId, file.name), linkSeconds.download, file.name)
        ).url,
      })),
    ),
  }
}

const text = new TextEncoder()
/** A name as a file's; numbered when there are several, so that two names cannot meet. */
const fileName = (name: string, index: number, of: number): string =>
  `${of > 1 ? `${String(index + 1).padStart(2, '0')}-` : ''}${
    name
      .normalize('NFKD')
      .replace(/[^A-Za-z0-9.-]+/g, '_')
      .replace(/^[._]+/, '')
      .slice(0, 80) || 'output'
  }.csv`
// A fixed time: the same release packs into the same bytes.
const pack = (files: { path: string; bytes: Uint8Array }[]): Uint8Array =>
  zipSync(Object.fromEntries(files.map((f) => [f.path, f.bytes])), { mtime: new Date('1980-01-02T00:00:00Z') })

async function crate(
  deps: WorkflowDeps,
  job: JobItem,
  { outputs, files, card }: ReleasedDocument,
): Promise<Uint8Array> {
  const names = new Names(deps)
  const [question, organisation, name, approval, plots] = await Promise.all([
    questionOf(deps, job),
    deps.table.get<OrganisationItem>(keyOf.organisation(job.organisationId)),
    names.person(job.userId),
    deps.table.get<ApprovalItem>(keyOf.approval(job.datasetId, job.pin)),
    Promise.all(
      files.map(async (f) => ({ ...f, bytes: await deps.objects.get('released', objectOf.file(job.jobId, f.name)) })),
    ),
  ])
  return pack(
    await crateFiles({
      card,
      outputs,
      files: plots,
      language: question.language,
      person: { id: job.userId, name },
      organisation: { id: job.organisationId, name: organisation?.name ?? job.organisationId },
      node: { origin: deps.settings.mainOrigin, name: 'Cloister', version: deps.settings.version },
      started: job.steps.compute?.started ?? job.created,
      ended: job.steps.compute?.ended ?? card.released,
      ...(approval ? { approved: { at: approval.at, by: await names.person(approval.by) } } : {}),
    }),
  )
}

export const download: Implementation<Routes['download'], WorkflowDeps> = async ({ job, params }, deps) => {
  const released = await releasedOf(deps, job)
  const ready = async (key: string, filename: string) => {
    const { url, expires } = await deps.objects.signedGet('released', key, linkSeconds.download, filename)
    return { url, filename, expires }
  }
  const made = async (name: string, bytes: Uint8Array, type: string, filename: string) => {
    await deps.objects.put('released', objectOf.package(job.jobId, name), bytes, type)
    return ready(objectOf.package(job.jobId, name), filename)
  }
  switch (params.format) {
    case 'json':
      return ready(objectOf.result(job.jobId), `${job.jobId}.json`)
    case 'ro-crate':
      return made('crate.zip', await crate(deps, job, released), 'application/zip', `${job.jobId}-ro-crate.zip`)
    case 'csv': {
      const { outputs } = released
      if (outputs.length === 1)
        return made('result.csv', text.encode(releasedCsv(outputs[0]!)), 'text/csv', `${job.jobId}.csv`)
      return made(
        'csv.zip',
        pack(
          outputs.map((o, i) => ({ path: fileName(o.name, i, outputs.length), bytes: text.encode(releasedCsv(o)) })),
        ),
        'application/zip',
        `${job.jobId}-csv.zip`,
      )
    }
  }
}

export const inspect: Implementation<Routes['inspect']> = async ({ job, caller }, deps) => {
  await record(deps, job.organisationId, whoOf(caller), [
    { act: 'job.inspected', object: `job ${job.jobId}`, detail: { dataset: job.datasetId } },
  ])
  const subjects = job.subjects === undefined ? {} : { subjects: job.subjects }
  try {
    return { ...subjects, ...(await readJson<Log>(deps, 'protected', objectOf.log(job.jobId))) }
  } catch (e) {
    if (!(e instanceof ObjectMissing)) throw e
    return {
      ...subjects,
      runs: [],
      message: 'Nothing was logged: no code has run for this job, or it has not got so far yet.',
    }
  }
}
