/**
 * For tests of jobs: a dataset planted in the table, a workflow that walks in process,
 * and a host that can be killed at any write.
 */
import type { DatasetPolicy } from '../domain/datasets/policy.ts'
import { defaultDatasetPolicy } from '../domain/datasets/policy.ts'
import type { Manifest } from '../domain/jobs/manifest.ts'
import { opening } from '../domain/privacy/ledger.ts'
import { createCheck } from '../functions/workflow/check.ts'
import { createPrepare, type Prepared } from '../functions/workflow/prepare.ts'
import { createQuery } from '../functions/jobs/query.ts'
import { createSettle } from '../functions/workflow/settle.ts'
import { createRecoverJobs } from '../functions/workflow/recover-jobs.ts'
import { newId } from '../functions/kernel/ids.ts'
import {
  type BudgetItem,
  type DatasetItem,
  type DatasetVersionItem,
  type JobItem,
  keyOf,
} from '../functions/kernel/items.ts'
import { harness, type Harness } from '../functions/kernel/testing.ts'
import type { Compute } from '../ports/compute.ts'
import type { StoredData } from '../ports/engine.ts'
import type { ObjectStore } from '../ports/objects.ts'
import { type Item, queryAll, type Table } from '../ports/table.ts'
import type { Workflow } from '../ports/workflow.ts'
import { crowd, memoryEngine, people, type Person, schema } from '../simulation/memory-engine.ts'

export class Killed extends Error {
  override name = 'Killed'
}

export interface Stage {
  h: Harness
  organisationId: string
  datasetId: string
  /** Everybody in the dataset. */
  people: readonly Person[]
  /** Executions that were started and have not come to their end. */
  started: { jobId: string; attempt: number }[]
  /** Walks every started execution to its end, as contracts/workflow.asl.json says. */
  walk(): Promise<void>
  /** The container of the next scripts. */
  container: { send: (jobId: string, manifest: Manifest) => Uint8Array | undefined }
  /**
   * Lets `writes` more writes happen and then kills the host: `before` the next one is made, or `after`. Undefined:
   * nobody is killed.
   */
  kill(writes: number | undefined, when?: 'before' | 'after'): void
  /** Writes since the last `kill`. */
  written(): number
  dead(): boolean
  steps: {
    prepare(i: Step): Promise<Prepared>
    query(i: Step): Promise<object>
    check(i: Step): Promise<object>
    settle(i: Step): Promise<object>
    watch(): Promise<object>
  }
  job(jobId: string): Promise<Item<JobItem>>
  budget(): Promise<Item<BudgetItem>>
  left(bucket: 'quarantine' | 'protected', jobId: string): Promise<string[]>
  policy(change: Partial<DatasetPolicy>): Promise<void>
}
type Step = { jobId: string; attempt: number }

/**
 * A stage with one dataset, `trial`, of sixty people or as many as are wanted, in an organisation with a person for
 * each role. Containers are walked by hand (`container`); those that are stopped are stopped in `compute`, if given.
 */
export async function stage(
  policy: Partial<DatasetPolicy> = {},
  size = people.length,
  compute?: Compute,
): Promise<Stage> {
  const everybody = crowd(size)
  const life = { left: undefined as number | undefined, when: 'before' as 'before' | 'after', dead: false, written: 0 }
  const alive = (): void => {
    if (life.dead) throw new Killed('the host is dead')
  }
  const writing = async <T>(act: () => Promise<T>): Promise<T> => {
    alive()
    const last = life.left !== undefined && life.left-- === 0
    if (last && life.when === 'before') {
      life.dead = true
      throw new Killed('killed before a write')
    }
    life.written++
    // Refused or not: it was sent.
    try {
      return await act()
    } finally {
      if (last) life.dead = true
    }
  }
  const executions: Step[] = []
  const workflow: Workflow = {
    start: async (jobId, attempt) => {
      alive()
      if (!executions.some((e) => e.jobId === jobId && e.attempt === attempt)) executions.push({ jobId, attempt })
    },
    stop: async (jobId, attempt) => {
      alive()
      const at = executions.findIndex((e) => e.jobId === jobId && e.attempt === attempt)
      if (at >= 0) executions.splice(at, 1)
    },
    running: async (jobId, attempt) => executions.some((e) => e.jobId === jobId && e.attempt === attempt),
  }
  const platform = await harness({ engine: memoryEngine(everybody), workflow, compute })
  const { table, objects } = platform.deps
  const wrappedTable: Table = {
    get: async (...args) => {
      alive()
      return table.get(...args)
    },
    query: async (...args) => {
      alive()
      return table.query(...args)
    },
    create: (item) => writing(() => table.create(item)),
    replace: (item, rev) => writing(() => table.replace(item, rev)),
    update: (key, change) => writing(() => table.update(key, change)),
    remove: (key, when) => writing(() => table.remove(key, when)),
  }
  const wrappedObjects: ObjectStore = Object.assign(Object.create(objects) as ObjectStore, {
    put: (...a: Parameters<ObjectStore['put']>) => writing(() => objects.put(...a)),
    remove: (...a: Parameters<ObjectStore['remove']>) => writing(() => objects.remove(...a)),
    get: async (...args: Parameters<ObjectStore['get']>) => {
      alive()
      return objects.get(...args)
    },
    head: objects.head.bind(objects),
    list: objects.list.bind(objects),
    signedGet: objects.signedGet.bind(objects),
    signedWrite: objects.signedWrite.bind(objects),
    signedPut: objects.signedPut.bind(objects),
    copy: objects.copy.bind(objects),
  })
  Object.assign(platform.deps, { table: wrappedTable, objects: wrappedObjects })

  const { organisationId } = await platform.organisation('Lab', {
    anil: ['analyst'],
    rosa: ['researcher'],
    cleo: ['custodian'],
    carl: ['custodian', 'analyst'],
    chen: ['checker'],
    dora: ['checker'],
    dina: ['checker'],
    otto: ['auditor'],
  })
  const datasetId = newId(platform.deps, 'dat')
  const at = platform.clock.now().toISOString()
  const data: StoredData = {
    schema,
    tables: [
      {
        name: 'subjects',
        parquet: { key: `datasets/${datasetId}/v1/subjects.parquet`, sha256: '0'.repeat(64), size: 1 },
        rows: size,
        subjects: size,
      },
    ],
    subjects: size,
  } as StoredData
  const full: DatasetPolicy = { ...defaultDatasetPolicy, ...policy }
  await table.create<DatasetItem>({
    ...keyOf.dataset(datasetId),
    gpk: `ORG#${organisationId}`,
    gsk: `DATASET#${at}`,
    datasetId,
    organisationId,
    name: 'trial',
    title: 'A trial',
    description: '',
    state: 'published',
    version: 1,
    policy: full,
    created: at,
    changed: at,
  })
  await table.create({ ...keyOf.datasetName(organisationId, 'trial'), datasetId })
  await table.create<DatasetVersionItem>({
    ...keyOf.datasetVersion(datasetId, 1),
    datasetId,
    version: 1,
    data,
    files: [],
    hash: 'a'.repeat(64),
    outside: {},
    published: at,
    publishedBy: 'user-cleo',
    jobId: newId(platform.deps, 'job'),
  })
  await table.create<BudgetItem>({ ...keyOf.budget(datasetId), datasetId, ...opening(full.budget) })

  const steps = {
    prepare: createPrepare(platform.deps),
    query: createQuery(platform.deps),
    check: createCheck(platform.deps),
    settle: createSettle(platform.deps),
    watch: createRecoverJobs(platform.deps),
  }
  const container: Stage['container'] = { send: () => undefined }
  const quietly = async (act: () => Promise<unknown>): Promise<void> => {
    try {
      await act()
    } catch (e) {
      if (life.dead) throw e
    }
  }
  const walkOne = async (input: Step): Promise<void> => {
    let prepared: Prepared | undefined
    await quietly(async () => {
      prepared = await steps.prepare(input)
    })
    if (prepared && prepared.compute !== 'none') {
      if (prepared.compute === 'query') await quietly(() => steps.query(input))
      if (prepared.compute === 'container') {
        const manifest = JSON.parse(
          new TextDecoder().decode(await objects.get('protected', `jobs/${input.jobId}/inputs/manifest.json`)),
        ) as Manifest
        const report = container.send(input.jobId, manifest)
        if (report) await objects.put('quarantine', `jobs/${input.jobId}/report.json.gz`, report, 'application/gzip')
      }
      await quietly(() => steps.check(input))
    }
    await quietly(() => steps.settle(input))
  }
  return {
    h: platform,
    organisationId,
    datasetId,
    people: everybody,
    started: executions,
    container,
    steps,
    async walk() {
      while (executions[0]) {
        const input = executions[0]
        try {
          await walkOne(input)
        } catch (e) {
          if (!life.dead) throw e
        }
        if (life.dead) return
        const at = executions.indexOf(input)
        if (at >= 0) executions.splice(at, 1)
      }
    },
    kill(writes, when = 'before') {
      Object.assign(life, { left: writes, when, dead: false, written: 0 })
      if (writes === undefined) executions.length = 0
    },
    written: () => life.written,
    dead: () => life.dead,
    job: async (jobId) => (await table.get<JobItem>(keyOf.job(jobId)))!,
    budget: async () => (await table.get<BudgetItem>(keyOf.budget(datasetId)))!,
    async left(bucket, jobId) {
      const keys: string[] = []
      for await (const name of objects.list(bucket, `jobs/${jobId}/`)) keys.push(name)
      return keys
    },
    async policy(change) {
      const now = (await table.get<DatasetItem>(keyOf.dataset(datasetId)))!
      await table.update(keyOf.dataset(datasetId), { set: { policy: { ...now.policy, ...change } } })
    },
  }
}

export const everything = async <T>(table: Table, pk: string, prefix: string): Promise<Item<T>[]> => {
  const all: Item<T>[] = []
  for await (const i of queryAll<T>(table, pk, { prefix })) all.push(i)
  return all
}
