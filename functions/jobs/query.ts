/**
 * The compute step of SQL: the engine's answer goes to quarantine as it is; what may leave is for the next step to say.
 */
import { backstage } from '../../contracts/backstage.ts'
import type { Ask } from '../../contracts/jobs.ts'
import { strictest } from '../../domain/release/policy.ts'
import { defaultLimits } from '../../domain/jobs/manifest.ts'
import type { z } from 'zod'
import type { Deps } from '../kernel/deps.ts'
import { guarded } from '../kernel/grants.ts'
import { type DatasetItem, type DatasetVersionItem, keyOf } from '../kernel/items.ts'
import { begins, jobIfUndecided, JobMovedOn, objectOf, type StepInput } from '../workflow/job-item.ts'
import { jsonBytes, readJson } from '../kernel/stored-json.ts'

/** The workflow's step: `(input) => {}`. An object in quarantine is its answer; none means that the platform failed. */
export function createQuery(unguarded: Deps): (input: StepInput) => Promise<object> {
  const deps = guarded(unguarded, 'query', backstage.find((f) => f.area === 'jobs' && f.name === 'query')!.grants)
  return async ({ jobId, attempt }) => {
    const job = await jobIfUndecided(deps, jobId, attempt)
    if (!job || job.kind !== 'query') return {}
    try {
      await begins(deps, job)
    } catch (e) {
      if (e instanceof JobMovedOn) return {}
      throw e
    }
    const [ask, dataset, version] = await Promise.all([
      readJson<z.output<typeof Ask>>(deps, 'protected', objectOf.ask(jobId)),
      deps.table.get<DatasetItem>(keyOf.dataset(job.datasetId)),
      deps.table.get<DatasetVersionItem>(keyOf.datasetVersion(job.datasetId, job.datasetVersion)),
    ])
    const limits = { ...defaultLimits, ...ask.limits }
    const answer = await deps.engine.query(
      version!.data,
      job.cohort,
      ask.code,
      job.mode === 'noise' ? 'noise' : 'rules',
      strictest(dataset!.policy.disclosure),
      { seconds: limits.seconds, memoryMb: limits.memoryMb },
    )
    await deps.objects.put('quarantine', objectOf.query(jobId), jsonBytes(answer), 'application/json')
    return {}
  }
}
