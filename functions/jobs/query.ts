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
import { atWork, jsonBytes, objectOf, readJson, type StepInput } from './standing.ts'

/** The workflow's step: `(input) => {}`. An object in quarantine is its answer; none means that the platform failed. */
export function createQuery(deps: Deps): (input: StepInput) => Promise<object> {
  const d = guarded(deps, 'query', backstage.find((f) => f.area === 'jobs' && f.name === 'query')!.grants)
  return async ({ jobId, attempt }) => {
    const job = await atWork(d, jobId, attempt)
    if (!job || job.kind !== 'query') return {}
    const [ask, dataset, version] = await Promise.all([
      readJson<z.output<typeof Ask>>(d, 'protected', objectOf.ask(jobId)),
      d.table.get<DatasetItem>(keyOf.dataset(job.datasetId)),
      d.table.get<DatasetVersionItem>(keyOf.datasetVersion(job.datasetId, job.datasetVersion)),
    ])
    const limits = { ...defaultLimits, ...ask.limits }
    const answer = await d.engine.query(
      version!.data,
      job.cohort,
      ask.code,
      job.mode === 'noise' ? 'noise' : 'rules',
      strictest(dataset!.policy.disclosure),
      { seconds: limits.seconds, memoryMb: limits.memoryMb },
    )
    await d.objects.put('quarantine', objectOf.query(jobId), jsonBytes(answer), 'application/json')
    return {}
  }
}
