/** For tests of the workflow's steps: jobs as steps leave them, and kinds whose own part a test plays itself. */
import { type JobKind, jobKinds } from '../../domain/jobs/life.ts'
import type { Item } from '../../ports/table.ts'
import { kinds } from '../job-kinds.ts'
import { type JobItem, keyOf } from '../kernel/items.ts'
import type { Harness } from '../kernel/testing.ts'
import { objectOf } from './job-item.ts'
import type { JobKindSteps } from './job-kind.ts'
import { livePointer } from './pointers.ts'

/** All kinds with these parts in place of their own; nothing of a kind runs by itself. */
export const playedKinds = (played: Partial<JobKindSteps> = {}): Record<JobKind, JobKindSteps> =>
  Object.fromEntries(
    jobKinds.map((name) => [
      name,
      {
        ...kinds[name],
        afterEnd: async () => {},
        afterVisit: async () => {},
        concludeHeld: async () => {},
        mayStart: async () => true,
        ...played,
      },
    ]),
  ) as Record<JobKind, JobKindSteps>

/** Jobs of one harness. */
export function jobsOf(harness: Harness) {
  const { table, objects } = harness.deps
  let serial = 0
  const now = (): string => harness.clock.now().toISOString()
  return {
    now,
    /** A running job that began to compute now, with its pointer, inputs and something in quarantine. */
    async make(more: Partial<JobItem> = {}): Promise<Item<JobItem>> {
      const jobId = `job_${String(serial++).padStart(8, '0')}`
      const job: JobItem = {
        jobId,
        kind: 'script',
        title: 'T',
        state: 'running',
        organisationId: 'org_a',
        datasetId: 'dat_a',
        datasetVersion: 1,
        userId: 'ada',
        purpose: '',
        cohort: [],
        pin: 'p',
        askHash: 'h',
        created: now(),
        attempt: 1,
        steps: { prepare: { started: now(), ended: now() }, compute: { started: now() } },
        ...more,
      }
      if (job.kind === 'pipeline') Object.assign(job, { run: { experimentId: 'exp_a' } })
      await table.create<JobItem>({ ...keyOf.job(jobId), ...job })
      await table.create({ ...livePointer(harness.deps, job) })
      await objects.put('protected', objectOf.manifest(jobId), new Uint8Array(3), 'application/json')
      await objects.put('quarantine', objectOf.report(jobId), new Uint8Array(3), 'application/gzip')
      return (await table.get<JobItem>(keyOf.job(jobId)))!
    },
    of: async ({ jobId }: Pick<JobItem, 'jobId'>): Promise<Item<JobItem>> =>
      (await table.get<JobItem>(keyOf.job(jobId)))!,
    change: (job: Pick<JobItem, 'jobId'>, set: Partial<JobItem>): Promise<unknown> =>
      table.update<JobItem>(keyOf.job(job.jobId), { set }),
    /** Where the watch finds it, if it does. */
    live: async ({ jobId }: Pick<JobItem, 'jobId'>): Promise<string | undefined> =>
      (await table.get<object>(keyOf.jobLive(jobId)))?.gsk,
    hasInputs: async ({ jobId }: Pick<JobItem, 'jobId'>): Promise<boolean> =>
      (await objects.head('protected', objectOf.manifest(jobId))) !== undefined,
    hasReport: async ({ jobId }: Pick<JobItem, 'jobId'>): Promise<boolean> =>
      (await objects.head('quarantine', objectOf.report(jobId))) !== undefined,
  }
}
