/**
 * Beginning a synthesis: from a table of a registered dataset, or from an uploaded file, which becomes a dataset that
 * nobody may ask.
 */
import type { z } from 'zod'
import type { Synthesis, synthesis } from '../../contracts/synthesis.ts'
import { defaultDatasetPolicy } from '../../domain/datasets/policy.ts'
import { synthesisDefaults, type SynthesisPlan } from '../../domain/synthesis/plan.ts'
import { ConditionFailed, type Item } from '../../ports/table.ts'
import { record, whoOf } from '../kernel/audit.ts'
import type { Caller } from '../kernel/caller.ts'
import type { Deps } from '../kernel/deps.ts'
import { Failure } from '../kernel/failure.ts'
import type { Implementation } from '../kernel/handler.ts'
import { createIfAbsent, createOrFirst } from '../kernel/create-if-absent.ts'
import { derivedId } from '../kernel/ids.ts'
import { intendedId } from '../kernel/intent.ts'
import { type DatasetItem, type DatasetVersionItem, indexKeyOf, keyOf, type SynthesisItem } from '../kernel/items.ts'
import { inDataset, inOrganisation } from '../kernel/resources.ts'
import { inSynthesis } from './resources.ts'
import { planOfTable } from './source.ts'
import { toSynthesis } from './view.ts'
import { openBudget } from '../stores/budget.ts'
import { blobKey } from '../stores/dataset-files.ts'
import { submitRegistration } from '../stores/registration-job.ts'
import { datasetUploads } from '../stores/dataset-uploads.ts'
import { linksGiven } from '../stores/uploads.ts'
import { linkSeconds } from '../kernel/links.ts'
import type { WorkflowDeps } from '../workflow/job-kind.ts'

type Routes = (typeof synthesis)['routes']

async function create(
  deps: Deps,
  caller: Caller,
  facts: Omit<SynthesisItem, 'created' | 'changed' | 'userId' | 'shared' | 'evaluations' | 'attempts'>,
): Promise<Item<SynthesisItem>> {
  const at = deps.now().toISOString()
  const before = await deps.table.get<SynthesisItem>(keyOf.synthesis(facts.synthesisId))
  if (before) return before
  await record(deps, facts.organisationId, whoOf(caller), [
    {
      act: 'synthesis.begun',
      object: `synthesis ${facts.synthesisId}`,
      detail: { dataset: facts.datasetId, table: facts.table },
    },
  ])
  return createOrFirst<SynthesisItem>(deps, {
    ...facts,
    userId: caller.userId,
    created: at,
    changed: at,
    shared: false,
    evaluations: [],
    attempts: [],
    ...keyOf.synthesis(facts.synthesisId),
    ...indexKeyOf.synthesis.ofOrganisation({ ...facts, created: at }),
  })
}

/** Another version of a table: the plan as it was confirmed or proposed last, to be changed and confirmed. */
async function again(
  deps: Deps,
  caller: Caller,
  from: string,
  title: string | undefined,
  synthesisId: string,
): Promise<z.input<typeof Synthesis>> {
  const { synthesis, subject } = await inSynthesis(deps, caller, from, { permission: 'synthesis.make' })
  const { plan } = await toSynthesis(deps, synthesis, subject)
  if (!plan)
    throw new Failure(
      'wrong-state',
      'The file of this synthesis has not been read. Wait for it, or begin with the file again.',
    )
  const { organisationId, datasetId, datasetVersion, table, upload, readingJob } = synthesis
  const made = await create(deps, caller, {
    synthesisId,
    organisationId,
    datasetId,
    datasetVersion,
    table,
    title: title ?? synthesis.title,
    state: 'proposed',
    plan: plan as SynthesisPlan,
    upload,
    readingJob,
  })
  return toSynthesis(deps, made, subject)
}

export const begin: Implementation<Routes['begin']> = async ({ body, caller, intent }, deps) => {
  const synthesisId = await intendedId(intent, 'syn')
  if ('from' in body) return again(deps, caller, body.from, body.title, synthesisId)
  if ('datasetId' in body) {
    const { dataset, subject } = await inDataset(deps, caller, body.datasetId, { permission: 'dataset.manage' })
    if (dataset.version === 0 || dataset.state === 'retired')
      throw new Failure('wrong-state', 'The dataset has no published version to make a synthetic twin of.')
    const version = await deps.table.get<DatasetVersionItem>(keyOf.datasetVersion(dataset.datasetId, dataset.version))
    const table = version!.data.schema.tables.find((t) => t.name === body.table)
    if (!table)
      throw new Failure('invalid-request', `The dataset has no table “${body.table}”.`, [
        {
          path: '/body/table',
          message: 'Not a table of this dataset',
          value: body.table,
          expected: version!.data.schema.tables.map((t) => t.name).join(', '),
        },
      ])
    const made = await create(deps, caller, {
      synthesisId,
      organisationId: dataset.organisationId,
      datasetId: dataset.datasetId,
      datasetVersion: dataset.version,
      table: table.name,
      title: body.title ?? `Twin of ${dataset.title}`.slice(0, 120),
      state: 'proposed',
      plan: planOfTable(dataset, table),
    })
    return toSynthesis(deps, made, subject)
  }
  const { subject, organisation } = await inOrganisation(deps, caller, body.organisationId, {
    permission: 'syntheses.create',
  })
  const name = `upload-${synthesisId.slice(4, 16)}`
  const datasetId = await derivedId('dat', organisation.organisationId, name)
  const at = deps.now().toISOString()
  const policy = {
    ...defaultDatasetPolicy,
    people: { kind: 'named' as const, userIds: [] },
    languages: [],
    modes: [],
    listed: false,
    budget: { epsilon: 10, delta: synthesisDefaults.delta },
  }
  await openBudget(deps, datasetId, policy)
  // Not in the catalogue: its key among the organisation's is not a dataset's.
  await createIfAbsent<DatasetItem>(deps, {
    datasetId,
    organisationId: organisation.organisationId,
    name,
    title: body.title,
    description: 'A file uploaded to make synthetic data of it.',
    state: 'draft',
    version: 0,
    policy,
    created: at,
    changed: at,
    ...keyOf.dataset(datasetId),
    ...indexKeyOf.dataset.uploaded({ organisationId: organisation.organisationId, created: at, datasetId }),
  })
  const made = await create(deps, caller, {
    synthesisId,
    organisationId: organisation.organisationId,
    datasetId,
    datasetVersion: 0,
    table: body.file.path,
    title: body.title,
    state: 'uploading',
    upload: body.file,
  })
  // Never read, it is named by nothing, and goes.
  await linksGiven(deps, datasetUploads, datasetId)
  const upload = await deps.objects.signedPut(
    'protected',
    blobKey(datasetId, body.file.sha256),
    { sha256: body.file.sha256, size: body.file.size, type: 'application/octet-stream' },
    linkSeconds.transfer,
  )
  return { ...(await toSynthesis(deps, made, subject)), upload }
}

export const infer: Implementation<Routes['infer'], WorkflowDeps> = async ({ synthesis, subject, caller }, deps) => {
  if (synthesis.state === 'reading') return toSynthesis(deps, synthesis, subject)
  if (synthesis.state !== 'uploading' || !synthesis.upload)
    throw new Failure('wrong-state', 'This synthesis has no file to read: its plan is proposed already.')
  const head = await deps.objects.head('protected', blobKey(synthesis.datasetId, synthesis.upload.sha256))
  if (head?.size !== synthesis.upload.size)
    throw new Failure(
      'asset-missing',
      `The file ${synthesis.upload.path} has not been uploaded whole: ${head?.size ?? 0} of ${synthesis.upload.size} bytes are there.`,
    )
  const readingJob = await derivedId('job', synthesis.synthesisId, 'reading')
  const key = keyOf.dataset(synthesis.datasetId)
  try {
    await deps.table.update<DatasetItem>(key, {
      set: { state: 'reading', readingJob, readingAct: 'read', changed: deps.now().toISOString() },
      when: [{ attribute: 'state', is: 'equal', value: 'draft' }],
    })
    await record(deps, synthesis.organisationId, whoOf(caller), [
      { act: 'dataset.read', object: `dataset ${synthesis.datasetId}`, detail: { files: 1 } },
    ])
  } catch (e) {
    if (!(e instanceof ConditionFailed)) throw e
  }
  await submitRegistration(deps, readingJob, (await deps.table.get<DatasetItem>(key))!, caller.userId, {
    act: 'read',
    files: [synthesis.upload],
  })
  const now = await deps.table.update<SynthesisItem>(keyOf.synthesis(synthesis.synthesisId), {
    set: { state: 'reading', readingJob, changed: deps.now().toISOString() },
  })
  await deps.workflow.start(readingJob, 1)
  return toSynthesis(deps, now, subject)
}
