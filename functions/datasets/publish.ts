/** Confirming a schema: the job stores the tables by it, and then the version is in the catalogue. */
import type { datasets } from '../../contracts/datasets.ts'
import type { DatasetPolicy } from '../../domain/datasets/policy.ts'
import type { DatasetSchema } from '../../domain/datasets/schema.ts'
import { diffSchemas } from '../../domain/datasets/schema-diff.ts'
import { fileFaults, schemaFaults } from '../../domain/datasets/schema-rules.ts'
import { jobLife } from '../../domain/jobs/life.ts'
import { record, whoOf } from '../kernel/audit.ts'
import type { Deps } from '../kernel/deps.ts'
import { Failure } from '../kernel/failure.ts'
import type { Implementation } from '../kernel/handler.ts'
import { intendedId } from '../kernel/intent.ts'
import { type DatasetItem, type DatasetVersionItem, type JobItem, keyOf } from '../kernel/items.ts'
import { checkLimit } from './budget.ts'
import { checkPolicy, fieldErrors, followPolicy, update } from './change.ts'
import { point } from './listing.ts'
import { changedMeanwhile } from './view.ts'
import { type Reading, readingOf } from '../stores/dataset-files.ts'
import { begun, submitRegistration } from '../stores/registration-job.ts'
import type { WorkflowDeps } from '../workflow/job-kind.ts'

type Routes = (typeof datasets)['routes']

/** The reading that a schema can be confirmed for; `wrong-state` when there is none, or a job is at work. */
async function confirmable(deps: Deps, dataset: DatasetItem): Promise<Reading> {
  if (dataset.state === 'retired') throw new Failure('wrong-state', 'A retired dataset gets no new versions.')
  const job =
    dataset.readingJob === undefined
      ? undefined
      : await deps.table.get<Pick<JobItem, 'state'>>(keyOf.job(dataset.readingJob), ['state'])
  if (job && jobLife[job.state].live && dataset.readingAct === 'store')
    throw new Failure(
      'wrong-state',
      'A version is being stored at this moment. Wait for it, or cancel its job.',
      undefined,
      { jobId: dataset.readingJob },
    )
  const held = await readingOf(deps, dataset.datasetId)
  if (!held || (dataset.readingAct !== 'store' && held.jobId !== dataset.readingJob) || dataset.state === 'reading')
    throw new Failure(
      'wrong-state',
      'There is no finished reading to confirm. Upload the files and have them read first.',
    )
  return held
}

export const publish: Implementation<Routes['publish'], WorkflowDeps> = async (
  { dataset: before, caller, body, intent },
  deps,
) => {
  const jobId = await intendedId(intent, 'job')
  if (before.readingJob === jobId) {
    await followPolicy(deps, before)
    return begun(deps, jobId)
  }
  if (before.rev !== body.rev) throw changedMeanwhile()
  const held = await confirmable(deps, before)
  const schema = body.schema as DatasetSchema
  const policy = body.policy as DatasetPolicy
  const said = deps.aside ? await deps.aside('schemaFaults', schema) : schemaFaults(schema)
  const faults = [...said, ...fileFaults(schema, new Set(held.files.map((f) => f.path)))]
  if (faults.length > 0)
    throw new Failure(
      'invalid-schema',
      `/body/schema${faults[0]!.path}: ${faults[0]!.message}`,
      fieldErrors('/body/schema', faults),
    )
  checkPolicy(deps, before.policy, policy)
  await checkLimit(deps, before.datasetId, policy)
  const version = before.version + 1
  const last =
    before.version === 0
      ? undefined
      : await deps.table.get<Pick<DatasetVersionItem, 'data'>>(keyOf.datasetVersion(before.datasetId, before.version), [
          'data',
        ])
  const diff = diffSchemas(last?.data.schema ?? { tables: [], images: [] }, schema)
  await record(deps, before.organisationId, whoOf(caller), [
    {
      act: 'dataset.published',
      object: `dataset ${before.datasetId}`,
      detail: {
        version,
        tables: schema.tables.length,
        images: schema.images.length,
        added: diff.added.length,
        removed: diff.removed.length,
        changed: diff.changed.length,
        epsilon: policy.budget.epsilon,
      },
    },
  ])
  // Only files that the schema speaks of come into the version: what was uploaded beside them is nobody's to ask.
  const wanted = new Set([...schema.tables.map((t) => t.file), ...schema.images.flatMap((f) => f.masks)])
  const volumes = new Set(schema.images.length > 0 ? held.other.map((o) => o.path) : [])
  await submitRegistration(deps, jobId, before, caller.userId, {
    act: 'store',
    schema,
    files: held.files.filter((f) => wanted.has(f.path) || volumes.has(f.path)),
  })
  if (policy.listed) await point(deps, before)
  // The policy holds from now on, for the version that is published already too.
  const after = await update(deps, before, body.rev, { policy, readingJob: jobId, readingAct: 'store' }, ['problem'])
  await followPolicy(deps, after)
  return begun(deps, jobId)
}
