/** Runs as lists, one by one, and side by side. */
import type { pipelines } from '../../contracts/pipelines.ts'
import type { Subject } from '../../domain/access/permissions.ts'
import { kindOf } from '../../domain/pipelines/definition.ts'
import { hashRows, metricRows, parameterRows } from '../../domain/pipelines/diff.ts'
import { isOver, type PipelineRunState, runStateOf } from '../../domain/pipelines/life.ts'
import type { Deps } from '../kernel/deps.ts'
import type { Implementation } from '../kernel/handler.ts'
import { indexKeyOf, type JobItem, keyOf, type MemberItem } from '../kernel/items.ts'
import { memberSeen } from '../kernel/resources.ts'
import { inPipelineRun } from './resources.ts'
import { type ArtifactIndex, pipelineObject } from './objects.ts'
import { offsetOf } from './experiments.ts'
import { versionOf } from './publishing.ts'
import { queueStandingOf } from './queue.ts'
import { toRun } from './view.ts'
import { Names } from '../kernel/names.ts'
import type { RunJob } from './run-job.ts'
import { readJsonIfThere } from '../kernel/stored-json.ts'

type Routes = (typeof pipelines)['routes']
interface Filters {
  state?: PipelineRunState | undefined
  pipelineId?: string | undefined
  sweep?: string | undefined
  text?: string | undefined
  since?: string | undefined
  sort: string
  direction: 'up' | 'down'
  limit: number
  after?: string | undefined
}

/** Runs that are looked through for a filtered or sorted list: the newest. */
const lookedThrough = 1000

const fits = (job: RunJob, filters: Filters, experiment: string): boolean =>
  (filters.state === undefined || runStateOf(job) === filters.state) &&
  (filters.pipelineId === undefined || job.run.pipelineId === filters.pipelineId) &&
  (filters.sweep === undefined || job.run.sweep?.id === filters.sweep) &&
  (filters.since === undefined || job.created >= filters.since) &&
  (filters.text === undefined || `${job.title} ${experiment}`.toLowerCase().includes(filters.text.toLowerCase()))

type Sortable = string | number | boolean | undefined
/** What a list is sorted by; lists of numbers sort by their text. */
function valueOf(job: RunJob, sort: string): Sortable {
  const colon = sort.indexOf(':')
  if (colon > 0) {
    const name = sort.slice(colon + 1)
    if (sort.startsWith('metric:')) return job.run.metrics?.find((m) => m.name === name)?.value
    const value: unknown = Object.hasOwn(job.run.parameters, name) ? job.run.parameters[name] : undefined
    return Array.isArray(value) ? JSON.stringify(value) : (value as Sortable)
  }
  switch (sort) {
    case 'ended':
      return job.ended
    case 'seconds':
      return job.run.seconds
    case 'state':
      return runStateOf(job)
    case 'title':
      return job.title
    case 'number':
      return job.run.number
    default:
      return job.created
  }
}

/** Runs without a value come last, whichever way the list runs. */
function compared(left: Sortable, right: Sortable, sign: 1 | -1): number {
  if (left === right) return 0
  if (left === undefined) return 1
  if (right === undefined) return -1
  if (typeof left === 'number' && typeof right === 'number') return sign * (left - right)
  return sign * String(left).localeCompare(String(right), 'en', { numeric: true })
}

interface Source {
  page(o: { limit: number; after?: string }): Promise<{ found: RunJob[]; next: string | undefined }>
  experiment: (job: RunJob) => Promise<string>
}

/**
 * A page of a list: straight from the index when it is neither filtered nor sorted, else out of the newest
 * `lookedThrough`.
 */
async function listed(source: Source, filters: Filters): Promise<{ jobs: RunJob[]; next: string | undefined }> {
  const plain =
    filters.sort === 'created' &&
    filters.direction === 'down' &&
    filters.state === undefined &&
    filters.pipelineId === undefined &&
    filters.sweep === undefined &&
    filters.text === undefined &&
    filters.since === undefined
  if (plain) {
    const { found, next } = await source.page({ limit: filters.limit, after: filters.after })
    return { jobs: found, next }
  }
  const from = offsetOf(filters.after)
  const all: RunJob[] = []
  let after: string | undefined
  let looked = 0
  do {
    const { found, next } = await source.page({ limit: 200, after })
    looked += 200
    for (const job of found)
      if (fits(job, filters, filters.text === undefined ? '' : await source.experiment(job))) all.push(job)
    after = next
  } while (after !== undefined && looked < lookedThrough)
  const sign = filters.direction === 'up' ? 1 : -1
  all.sort((a, b) => compared(valueOf(a, filters.sort), valueOf(b, filters.sort), sign))
  return {
    jobs: all.slice(from, from + filters.limit),
    next: from + filters.limit < all.length ? `at:${from + filters.limit}` : undefined,
  }
}

async function views(
  deps: Deps,
  names: Names,
  jobs: readonly RunJob[],
  subjectOf: (job: RunJob) => Subject,
  userId: string,
) {
  const standing = jobs.some((j) => runStateOf(j) === 'queued') ? await queueStandingOf(deps) : undefined
  return Promise.all(jobs.map((job) => toRun(names, job, { userId, subject: subjectOf(job) }, standing)))
}

export const runsOf: Implementation<Routes['runsOf']> = async ({ experiment: found, query, caller, subject }, deps) => {
  const names = new Names(deps)
  const { jobs, next } = await listed(
    {
      experiment: async () => found.title,
      page: async (options) => {
        const { items, next: more } = await deps.table.query<JobItem>(
          indexKeyOf.job.ofExperiment.partition(found.experimentId),
          {
            index: true,
            prefix: indexKeyOf.job.ofExperiment.prefix(),
            backwards: true,
            ...options,
          },
        )
        return { found: items.filter((j): j is typeof j & RunJob => j.run !== undefined), next: more }
      },
    },
    query,
  )
  return {
    items: await views(deps, names, jobs, () => subject, caller.userId),
    next,
  }
}

export const runs: Implementation<Routes['runs']> = async ({ query, caller }, deps) => {
  // A token that may not read runs finds none; a person who has left an organisation no longer sees what they ran
  // there.
  if (caller.token && !caller.token.scopes.includes('pipelines:read')) return { items: [] }
  const members = new Map<string, MemberItem | undefined>()
  const names = new Names(deps)
  const { jobs, next } = await listed(
    {
      experiment: async (job) => (await names.experiment(job.run.experimentId))?.title ?? '',
      page: async (options) => {
        const { items, next: more } = await deps.table.query<{ jobId: string }>(
          indexKeyOf.jobOwner.pipelineRun.partition(caller.userId),
          {
            index: true,
            prefix: indexKeyOf.jobOwner.pipelineRun.prefix(),
            backwards: true,
            ...options,
          },
        )
        const found = (await Promise.all(items.map((p) => deps.table.get<JobItem>(keyOf.job(p.jobId))))).filter(
          (j): j is NonNullable<typeof j> & RunJob => j?.run !== undefined,
        )
        for (const id of new Set(found.map((j) => j.organisationId)))
          if (!members.has(id)) members.set(id, await memberSeen(deps, caller, id))
        return { found: found.filter((j) => members.get(j.organisationId) !== undefined), next: more }
      },
    },
    query,
  )
  return {
    items: await views(
      deps,
      names,
      jobs,
      (job) => ({ roles: members.get(job.organisationId)!.roles, scopes: caller.token?.scopes }),
      caller.userId,
    ),
    next,
  }
}

export const run: Implementation<Routes['run']> = async ({ job, caller, subject }, deps) =>
  (await views(deps, new Names(deps), [job], () => subject, caller.userId))[0]!

export const compare: Implementation<Routes['compare']> = async ({ query, caller }, deps) => {
  const ids = [...new Set(query.runs.split(','))]
  const found = await Promise.all(ids.map((id) => inPipelineRun(deps, caller, id, { permission: 'experiment.read' })))
  const jobs = found.map((f) => f.job)
  const names = new Names(deps)
  const [shown, indexes, version] = await Promise.all([
    Promise.all(found.map(async (f) => toRun(names, f.job, { userId: caller.userId, subject: f.subject }))),
    Promise.all(
      jobs.map(async (job) =>
        mayShowArtifacts(job)
          ? readJsonIfThere<ArtifactIndex>(deps, 'released', pipelineObject.index(job.jobId))
          : undefined,
      ),
    ),
    versionOf(deps, jobs[0]!.run.pipelineId, jobs[0]!.run.version),
  ])
  const nullable = <T>(
    rows: { name: string; title?: string; unit?: string; values: (T | undefined)[]; differs: boolean }[],
  ) => rows.map((r) => ({ ...r, values: r.values.map((v) => v ?? null) }))
  const artifacts = hashRows(indexes.map((i) => Object.fromEntries((i?.items ?? []).map((a) => [a.path, a.sha256]))))
  return {
    runs: shown,
    parameters: nullable(
      parameterRows(
        jobs.map((j) => j.run.parameters),
        version?.definition.parameters,
      ),
    ) as never,
    metrics: nullable(metricRows(jobs.map((j) => j.run.metrics ?? []))),
    inputs: nullable(hashRows(jobs.map((j) => Object.fromEntries(j.run.inputs.map((i) => [i.name, i.hash]))))),
    artifacts: artifacts.map((row) => ({
      path: row.name,
      kind: kindOf(version?.definition.outputs ?? [], row.name),
      hashes: row.values.map((v) => v ?? null),
      differs: row.differs,
    })),
    code: {
      hashes: jobs.map((j) => j.run.codeHash),
      versions: jobs.map((j) => j.run.version),
      differs: new Set(jobs.map((j) => j.run.codeHash)).size > 1,
    },
  }
}

/**
 * Artifacts of an ordinary run are there when it is over, however it ended; of a run on a protected dataset when they
 * were released.
 */
export const mayShowArtifacts = (job: JobItem): boolean =>
  job.datasetId === '' ? isOver(runStateOf(job)) : job.state === 'succeeded'
