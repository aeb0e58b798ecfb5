/**
 * For tests of jobs: a dataset planted in the table, an engine over rows in memory, a workflow that walks in process,
 * and a host that can be killed at any write.
 */
import { createHash } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import type { DatasetPolicy } from '../domain/datasets/policy.ts'
import { defaultDatasetPolicy } from '../domain/datasets/policy.ts'
import type { DatasetSchema } from '../domain/datasets/schema.ts'
import type { Cohort } from '../domain/datasets/cohort.ts'
import type { Manifest } from '../domain/jobs/manifest.ts'
import type { Report, RunReport } from '../domain/release/run-report.ts'
import { opening } from '../domain/privacy/ledger.ts'
import { parseSelection, selectionText } from '../domain/sql/selection.ts'
import type { QueryResult, QueryRow } from '../domain/sql/result.ts'
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
import type { Engine, StoredData } from '../ports/engine.ts'
import type { ObjectStore } from '../ports/objects.ts'
import { type Item, queryAll, type Table } from '../ports/table.ts'
import type { Workflow } from '../ports/workflow.ts'

export interface Person {
  id: number
  sex: 'F' | 'M'
  site: 'north' | 'south' | 'rare'
  age: number
}
/** So many people; two sexes evenly, four of them at the site `rare`. */
const crowd = (n: number): Person[] =>
  Array.from({ length: n }, (_, id) => ({
    id,
    sex: id % 2 ? 'F' : 'M',
    site: id < 4 ? 'rare' : id < 32 ? 'north' : 'south',
    age: 30 + ((id * 7) % 40),
  }))
export const people: Person[] = crowd(60)
export const schema: DatasetSchema = {
  tables: [
    {
      name: 'subjects',
      file: 'subjects.csv',
      oneRowPerSubject: true,
      columns: [
        { name: 'id', type: 'integer', role: 'subject' },
        { name: 'sex', type: 'category', categories: ['F', 'M'] },
        { name: 'site', type: 'category', categories: ['north', 'south', 'rare'] },
        { name: 'age', type: 'integer', minimum: 0, maximum: 120 },
      ],
    },
  ],
  images: [],
}

const fingerprint = (ids: readonly number[]): string =>
  createHash('sha256')
    .update([...ids].sort((a, b) => a - b).join(','))
    .digest('hex')
    .slice(0, 16)
function within(cohort: Cohort, of: readonly Person[] = people): Person[] {
  return of.filter((p) =>
    cohort.every((f) => {
      const v = p[f.column as keyof Person]
      switch (f.is) {
        case 'equal':
          return v === f.value
        case 'not-equal':
          return v !== f.value
        case 'in':
          return f.values.includes(v)
        case 'not-in':
          return !f.values.includes(v)
        case 'between':
          return (f.from === undefined || v >= f.from) && (f.to === undefined || v <= f.to)
        default:
          return f.is === 'known'
      }
    }),
  )
}
const selected = (text: string, of: readonly Person[]): Set<number> => {
  const s = parseSelection(text)
  return new Set(
    within(s.cohort, of)
      .filter((p) => !s.sql || !s.keys?.length || p[s.sql as 'sex'] === s.keys[0])
      .map((p) => p.id),
  )
}

/** Takes two queries: `all` counts everybody, `by <column>` counts groups. */
export const memoryEngine = (of: readonly Person[] = people): Engine => ({
  read: async () => {
    throw new Error('not here')
  },
  store: async () => {
    throw new Error('not here')
  },
  count: async (_, cohort) => {
    const p = within(cohort, of)
    return { subjects: p.length, fingerprint: fingerprint(p.map((x) => x.id)) }
  },
  difference: async (_, a, b) => {
    const [x, y] = [selected(a, of), selected(b, of)]
    return [...x].filter((i) => !y.has(i)).length + [...y].filter((i) => !x.has(i)).length
  },
  materialise: async (_, __, prefix) => [{ file: 'subjects.csv', key: `${prefix}subjects.csv`, rows: 1 }],
  validate: async (sql, _, mode): ReturnType<Engine['validate']> =>
    /^(all|by (sex|site))$/.test(sql)
      ? mode === 'noise'
        ? {
            measured: {
              rowsPerSubject: 1,
              declaredGroups: true,
              vectors: 1,
              parts: [{ name: 'n', kind: 'count', bounds: [1], low: 0, high: 1, scale: 1 }],
            },
          }
        : {}
      : {
          problem: {
            code: 'unknown-column',
            step: 'prepare',
            names: ['nowhere'],
            message: 'There is no column nowhere.',
          },
        },
  query: async (_, cohort, sql, mode) => {
    const p = within(cohort, of)
    const column = sql === 'all' ? undefined : (sql.slice(3) as 'sex' | 'site')
    const groups = column ? [...new Set(p.map((x) => x[column]))].sort() : [undefined]
    const rows = groups.map((g): QueryRow => {
      const ids = p.filter((x) => !column || x[column] === g).map((x) => x.id)
      return {
        values: [...(column ? [g!] : []), ids.length],
        rows: ids.length,
        subjects: ids.length,
        columnSubjects: [...(column ? [ids.length] : []), ids.length],
        contributions: [...(column ? [null] : []), null],
        fingerprint: fingerprint(ids),
        sets: [],
        rolledUp: [],
        exact: [...(column ? [null] : []), [String(ids.length)]],
      }
    })
    const result: QueryResult = {
      columns: [
        ...(column
          ? [
              {
                name: column,
                kind: 'group' as const,
                values: column === 'sex' ? ['F', 'M'] : ['north', 'south', 'rare'],
              },
            ]
          : []),
        { name: 'n', kind: 'count', aggregate: 'count-subjects' },
      ],
      rows,
      cohort: { subjects: p.length, fingerprint: fingerprint(p.map((x) => x.id)) },
      selections: groups.map((g) => selectionText({ cohort, sql: column ?? '', keys: g === undefined ? [] : [g] })),
      mode,
      truncated: false,
      ...(mode === 'noise'
        ? {
            noise: {
              rowsPerSubject: 1,
              declaredGroups: true,
              parts: [{ column: column ? 1 : 0, kind: 'count' as const, bounds: [1], low: 0, high: 1, scale: 1 }],
            },
          }
        : {}),
    }
    return { result }
  },
})

/** What a container would send: each run's outputs as a script wrote them. */
export function reportOf(
  job: string,
  manifest: Manifest,
  write: (ids: readonly number[]) => Record<string, unknown>,
  more: Partial<RunReport> = {},
  cohort: readonly Person[] = people,
): Uint8Array {
  const { plan } = manifest
  const blocks = plan.kind === 'whole' ? 0 : plan.blocks
  const ids = cohort.map((p) => p.id)
  const sets: { run: 'all' | number; ids: number[] }[] = [
    ...(plan.kind === 'blocks' ? [] : [{ run: 'all' as const, ids }]),
    ...Array.from({ length: blocks }, (_, b) => ({
      run: b,
      ids: ids.filter((__, i) => (i % blocks === b) === (plan.kind === 'blocks')),
    })),
  ]
  const report: Report = {
    job,
    confinement: 'bubblewrap',
    image: 'image-of-test',
    cohort: ids.length,
    runs: sets.map((s) => ({
      run: s.run,
      subjects: s.ids.length,
      end: 'finished',
      exitCode: 0,
      outputs: [{ file: 'result.json', bytes: Buffer.from(JSON.stringify(write(s.ids))).toString('base64url') }],
      stdout: 'printed-by-the-script',
      stderr: 'cried-by-the-script',
      seconds: 0.1,
      ...more,
    })),
  }
  return new Uint8Array(gzipSync(JSON.stringify(report)))
}

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
  const h = await harness({ engine: memoryEngine(everybody), workflow, compute })
  const { table, objects } = h.deps
  const wrappedTable: Table = {
    get: async (...a) => {
      alive()
      return table.get(...a)
    },
    query: async (...a) => {
      alive()
      return table.query(...a)
    },
    create: (item) => writing(() => table.create(item)),
    replace: (item, rev) => writing(() => table.replace(item, rev)),
    update: (key, change) => writing(() => table.update(key, change)),
    remove: (key) => writing(() => table.remove(key)),
  }
  const wrappedObjects: ObjectStore = Object.assign(Object.create(objects) as ObjectStore, {
    put: (...a: Parameters<ObjectStore['put']>) => writing(() => objects.put(...a)),
    remove: (...a: Parameters<ObjectStore['remove']>) => writing(() => objects.remove(...a)),
    get: async (...a: Parameters<ObjectStore['get']>) => {
      alive()
      return objects.get(...a)
    },
    head: objects.head.bind(objects),
    list: objects.list.bind(objects),
    signedGet: objects.signedGet.bind(objects),
    signedWrite: objects.signedWrite.bind(objects),
    signedPut: objects.signedPut.bind(objects),
    copy: objects.copy.bind(objects),
  })
  Object.assign(h.deps, { table: wrappedTable, objects: wrappedObjects })

  const { organisationId } = await h.organisation('Lab', {
    anil: ['analyst'],
    rosa: ['researcher'],
    cleo: ['custodian'],
    carl: ['custodian', 'analyst'],
    chen: ['checker'],
    dora: ['checker'],
    dina: ['checker'],
    otto: ['auditor'],
  })
  const datasetId = newId(h.deps, 'dat')
  const at = h.clock.now().toISOString()
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
    jobId: newId(h.deps, 'job'),
  })
  await table.create<BudgetItem>({ ...keyOf.budget(datasetId), datasetId, ...opening(full.budget) })

  const steps = {
    prepare: createPrepare(h.deps),
    query: createQuery(h.deps),
    check: createCheck(h.deps),
    settle: createSettle(h.deps),
    watch: createRecoverJobs(h.deps),
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
    h,
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
      for await (const k of objects.list(bucket, `jobs/${jobId}/`)) keys.push(k)
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
