/**
 * For the walk over every route: a dataset and a job put straight into the table, and how each documented problem of
 * the datasets' routes is provoked.
 */
import { defaultDatasetPolicy } from '../domain/datasets/policy.ts'
import type { Caller } from '../functions/kernel/caller.ts'
import { newId } from '../functions/kernel/ids.ts'
import { type DatasetItem, type DatasetVersionItem, type JobItem, keyOf } from '../functions/kernel/items.ts'
import type { Harness } from '../functions/kernel/testing.ts'

const sha = '0'.repeat(64)
export const schema = {
  images: [],
  tables: [
    {
      name: 'people',
      file: 'people.csv',
      oneRowPerSubject: true,
      columns: [
        { name: 'id', type: 'text' as const, role: 'subject' as const },
        { name: 'age', type: 'integer' as const },
      ],
    },
  ],
}

/** A published dataset with a version that nothing is stored of, and a job on it that is over. */
export async function plantDataset(
  harness: Harness,
  organisationId: string,
  over: Partial<DatasetItem> = {},
): Promise<{ datasetId: string; jobId: string }> {
  const datasetId = newId(harness.deps, 'dat')
  const jobId = newId(harness.deps, 'job')
  const at = harness.clock.now().toISOString()
  const { table } = harness.deps
  await table.create<DatasetItem>({
    ...keyOf.dataset(datasetId),
    gpk: `ORG#${organisationId}`,
    gsk: `DATASET#${at}#${datasetId}`,
    datasetId,
    organisationId,
    name: `planted_${datasetId.slice(-8)}`,
    title: 'Planted',
    description: '',
    state: 'published',
    version: 1,
    policy: defaultDatasetPolicy,
    created: at,
    changed: at,
    ...over,
  })
  await table.create<DatasetVersionItem>({
    ...keyOf.datasetVersion(datasetId, 1),
    datasetId,
    version: 1,
    data: { schema, tables: [], subjects: 0 },
    files: [],
    hash: sha,
    outside: {},
    published: at,
    publishedBy: 'user-ada',
    jobId,
  })
  await table.create<JobItem>({
    ...keyOf.job(jobId),
    gpk: `DATASET#${datasetId}`,
    gsk: `JOB#${at}#${jobId}`,
    jobId,
    kind: 'query',
    title: 'Planted',
    state: 'failed',
    organisationId,
    datasetId,
    datasetVersion: 1,
    userId: 'user-ada',
    language: 'sql',
    mode: 'rules',
    purpose: '',
    cohort: [],
    pin: sha,
    askHash: sha,
    created: at,
    ended: at,
    attempt: 1,
    steps: {},
  })
  return { datasetId, jobId }
}

export interface ProblemAnswer {
  status: number
  headers: Record<string, unknown>
  body: unknown
}
export interface World {
  h: () => Harness
  answer: (
    area: string,
    name: string,
    input: {
      as?: Caller
      params?: Record<string, string | number>
      query?: Record<string, unknown>
      body?: unknown
      idempotencyKey?: string
    },
  ) => Promise<ProblemAnswer>
  custodian: () => Caller
  organisationId: () => string
  /** A study that the custodian may open, with or without a completed run. */
  study: (completed: boolean) => Promise<string>
}

/** By `datasets.route kind`. */
export function datasetProblems(world: World): Record<string, () => Promise<ProblemAnswer>> {
  const file = { path: 'people.csv', size: 3, sha256: 'a'.repeat(64) }
  const on = async (
    route: string,
    over: Partial<DatasetItem>,
    body: (rev: number) => unknown,
    before: (datasetId: string) => Promise<unknown> = async () => undefined,
  ): Promise<ProblemAnswer> => {
    const { datasetId } = await plantDataset(world.h(), world.organisationId(), over)
    await before(datasetId)
    const { rev } = (await world.h().deps.table.get<DatasetItem>(keyOf.dataset(datasetId)))!
    return world.answer('datasets', route, { as: world.custodian(), params: { datasetId }, body: body(rev!) })
  }
  const retired = { state: 'retired' as const }
  const uploaded = (datasetId: string): Promise<void> =>
    world
      .h()
      .deps.objects.put(
        'protected',
        `datasets/${datasetId}/blobs/${file.sha256}`,
        new Uint8Array([97, 10, 98]),
        'text/csv',
      )
  const read = (datasetId: string): Promise<void> =>
    world
      .h()
      .deps.objects.put(
        'protected',
        `datasets/${datasetId}/reading.json`,
        new TextEncoder().encode(
          JSON.stringify({ jobId: 'job_read', files: [file], tables: [], other: [], proposed: schema }),
        ),
        'application/json',
      )
  const create = (name: string): Promise<ProblemAnswer> =>
    world.answer('datasets', 'create', {
      as: world.custodian(),
      params: { organisationId: world.organisationId() },
      body: { name, title: 'T' },
    })
  const fromStudy = async (name: string, completed: boolean): Promise<ProblemAnswer> =>
    world.answer('datasets', 'fromStudy', {
      as: world.custodian(),
      params: { studyId: await world.study(completed) },
      body: { name, title: 'T', purpose: 'To look at it together' },
    })
  const confirm = (rev: number): object => ({ rev, schema, policy: defaultDatasetPolicy })
  return {
    'datasets.create already-exists': async () => {
      await create('taken')
      return create('taken')
    },
    'datasets.change changed-meanwhile': () => on('change', {}, (rev) => ({ rev: rev + 1 })),
    'datasets.change wrong-state': () => on('change', retired, (rev) => ({ rev, title: 'New' })),
    'datasets.uploads wrong-state': () => on('uploads', retired, () => ({ files: [file] })),
    'datasets.read asset-missing': () => on('read', {}, () => ({ files: [file] })),
    'datasets.read wrong-state': () => on('read', retired, () => ({ files: [file] })),
    'datasets.read changed-meanwhile': async () => {
      // Somebody else changes the dataset between this request's look at it and its own change.
      const { table } = world.h().deps
      const { create: before } = table
      table.create = async (item) => {
        const made = await before.call(table, item)
        const { datasetId } = item as { datasetId?: string }
        if (item.sk === 'JOB' && datasetId)
          await table.update(keyOf.dataset(datasetId), { set: { title: 'Meanwhile' } })
        return made as never
      }
      try {
        return await on('read', {}, () => ({ files: [file] }), uploaded)
      } finally {
        table.create = before
      }
    },
    'datasets.publish changed-meanwhile': () => on('publish', {}, (rev) => confirm(rev + 1)),
    'datasets.publish wrong-state': () => on('publish', {}, confirm),
    'datasets.publish invalid-schema': () =>
      on(
        'publish',
        { readingJob: 'job_read', readingAct: 'read' },
        (rev) => ({
          ...confirm(rev),
          schema: { ...schema, tables: [{ ...schema.tables[0]!, columns: [schema.tables[0]!.columns[1]!] }] },
        }),
        read,
      ),
    'datasets.retire changed-meanwhile': () => on('retire', {}, (rev) => ({ rev: rev + 1 })),
    'datasets.retire wrong-state': () => on('retire', retired, (rev) => ({ rev })),
    'datasets.fromStudy already-exists': async () => {
      await create('taken_by_hand')
      return fromStudy('taken_by_hand', true)
    },
    'datasets.fromStudy wrong-state': () => fromStudy('empty', false),
  }
}
