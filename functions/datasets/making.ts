/** Making a dataset: by a custodian, or from a study's results. Names are unique in an organisation. */
import type { datasets } from '../../contracts/datasets.ts'
import { defaultDatasetPolicy } from '../../domain/datasets/policy.ts'
import { jobLife } from '../../domain/jobs/life.ts'
import { runLife } from '../../domain/runs/life.ts'
import { AlreadyExists, ConditionFailed, type Item, queryAll } from '../../ports/table.ts'
import type { Act } from '../../domain/audit/acts.ts'
import type { Detail } from '../../domain/audit/chain.ts'
import { record, whoOf } from '../kernel/audit.ts'
import type { Caller } from '../kernel/caller.ts'
import type { Deps } from '../kernel/deps.ts'
import { Failure } from '../kernel/failure.ts'
import type { Implementation } from '../kernel/handler.ts'
import { derivedId } from '../kernel/ids.ts'
import { type Intent, intendedId } from '../kernel/intent.ts'
import { indexKeyOf, type DatasetItem, type JobItem, keyOf, type RunItem } from '../kernel/items.ts'
import { toDataset } from './view.ts'
import { openBudget } from '../stores/budget.ts'
import { submitRegistration } from '../stores/registration-job.ts'
import type { WorkflowDeps } from '../workflow/job-kind.ts'
import { createIfAbsent } from '../kernel/create-if-absent.ts'

type Routes = (typeof datasets)['routes']
type Fields = Pick<DatasetItem, 'organisationId' | 'name' | 'title' | 'description'> & Partial<DatasetItem>

const nameTaken = (): Failure =>
  new Failure(
    'already-exists',
    'Your organisation has a dataset of this name already. Choose another: released results refer to names, so they are not used twice.',
    [{ path: '/body/name', message: 'Taken' }],
  )

/**
 * Writes, in this order: event, budget, name, dataset. The id follows from organisation and name: whoever takes up a
 * name after a crash finds the id that the name points at, so that no name is ever locked without a dataset.
 * `already-exists` when the dataset is there.
 */
async function make(
  deps: Deps,
  caller: Caller,
  fields: Fields,
  event: { act: Act; detail: Detail },
): Promise<Item<DatasetItem>> {
  const datasetId = await derivedId('dat', fields.organisationId, fields.name)
  const before = await deps.table.get<DatasetItem>(keyOf.dataset(datasetId))
  if (before && before.intent !== undefined && before.intent === fields.intent) return before
  if (before) throw nameTaken()
  const at = deps.now().toISOString()
  const item: DatasetItem = {
    state: 'draft',
    version: 0,
    policy: defaultDatasetPolicy,
    created: at,
    changed: at,
    ...fields,
    datasetId,
  }
  await record(deps, fields.organisationId, whoOf(caller), [
    { act: event.act, object: `dataset ${datasetId}`, detail: { name: fields.name, ...event.detail } },
  ])
  await openBudget(deps, datasetId, item.policy)
  await createIfAbsent(deps, { ...keyOf.datasetName(fields.organisationId, fields.name), datasetId })
  try {
    return await deps.table.create({
      ...item,
      ...keyOf.dataset(datasetId),
      ...indexKeyOf.dataset.ofOrganisation({ ...fields, created: at, datasetId }),
    })
  } catch (e) {
    throw e instanceof AlreadyExists ? nameTaken() : e
  }
}

/** Kept with what a request makes, so that its repeat knows it for its own. */
const markOf = (intent: Intent): { intent?: string } => (intent.at ? { intent: intent.at.pk } : {})

export const create: Implementation<Routes['create']> = async ({ params, body, caller, subject, intent }, deps) => {
  const made = await make(
    deps,
    caller,
    {
      organisationId: params.organisationId,
      name: body.name,
      title: body.title,
      description: body.description,
      ...(body.declaredSubjects ? { declaredSubjects: body.declaredSubjects } : {}),
      ...markOf(intent),
    },
    { act: 'dataset.created', detail: {} },
  )
  return toDataset(deps, made, { ...subject, userId: caller.userId })
}

/** Whether a study has a run that could become a row. */
async function hasResults(deps: Deps, studyId: string): Promise<boolean> {
  for await (const run of queryAll<Pick<RunItem, 'preview' | 'state'>>(
    deps.table,
    indexKeyOf.run.ofStudy.partition(studyId),
    {
      index: true,
      prefix: indexKeyOf.run.ofStudy.prefix(),
      attributes: ['preview', 'state'],
    },
  ))
    if (!run.preview && run.state === 'completed' && runLife[run.state].hasData) return true
  return false
}

/**
 * A dataset that an earlier attempt made of the same study and whose job never came, or ended without a reading: the
 * same call again goes on with it.
 */
async function interrupted(
  deps: Deps,
  organisationId: string,
  name: string,
  studyId: string,
): Promise<Item<DatasetItem> | undefined> {
  const held = await deps.table.get<DatasetItem>(keyOf.dataset(await derivedId('dat', organisationId, name)))
  if (!held || held.study !== studyId || held.version > 0 || !['draft', 'reading'].includes(held.state))
    return undefined
  const job =
    held.readingJob === undefined ? undefined : await deps.table.get<JobItem>(keyOf.job(held.readingJob), ['state'])
  return job && jobLife[job.state].live ? undefined : held
}

/**
 * The runs are opened by the job (functions/datasets/registration/register.ts), which writes one event for each before
 * it asks for its key.
 */
export const fromStudy: Implementation<Routes['fromStudy'], WorkflowDeps> = async (
  { study, caller, body, intent },
  deps,
) => {
  if (!(await hasResults(deps, study.studyId)))
    throw new Failure('wrong-state', 'The study has no completed run yet. A dataset is made of completed runs.')
  const jobId = await intendedId(intent, 'job')
  const registration = { state: 'reading' as const, readingJob: jobId, readingAct: 'from-study' as const }
  const held = await interrupted(deps, study.organisationId, body.name, study.studyId)
  // The dataset names its job from the beginning, so that what is read belongs to it however the steps interleave.
  const dataset = held
    ? await deps.table
        .update<DatasetItem>(keyOf.dataset(held.datasetId), {
          set: registration,
          remove: ['problem'],
          when: [{ attribute: 'rev', is: 'equal', value: held.rev! }],
        })
        .catch((error: unknown) => {
          throw error instanceof ConditionFailed ? nameTaken() : error
        })
    : await make(
        deps,
        caller,
        {
          organisationId: study.organisationId,
          name: body.name,
          title: body.title,
          description: '',
          study: study.studyId,
          ...registration,
          ...markOf(intent),
        },
        { act: 'dataset.made-from-study', detail: { study: study.studyId, purpose: body.purpose } },
      )
  await submitRegistration(deps, jobId, dataset, caller.userId, {
    act: 'from-study',
    studyId: study.studyId,
    purpose: body.purpose,
  })
  await deps.workflow.start(jobId, 1)
  return { datasetId: dataset.datasetId, jobId }
}
