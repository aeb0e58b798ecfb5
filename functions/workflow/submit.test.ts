/** A job and the pointers at it, as they have always been stored: jobs of an earlier version are found by the same. */
import { describe, expect, it } from 'vitest'
import { AlreadyExists, type Item } from '../../ports/table.ts'
import { kinds } from '../job-kinds.ts'
import type { JobItem } from '../kernel/items.ts'
import type { WorkflowDeps } from './job-kind.ts'
import { submit } from './submit.ts'

const job: JobItem = {
  jobId: 'job_a',
  kind: 'query',
  title: 'T',
  state: 'queued',
  waiting: 'turn',
  organisationId: 'org_a',
  datasetId: 'dat_a',
  datasetVersion: 1,
  userId: 'ada',
  purpose: '',
  cohort: [],
  pin: 'p',
  askHash: 'h',
  created: '2026-03-02T09:00:00.000Z',
  attempt: 1,
  steps: {},
}
const listed = { gpk: 'DATASET#dat_a', gsk: `JOB#${job.created}#job_a` }

/** A store that writes down what is written, in order, and fails at the n-th write. */
function store(failAt = Infinity) {
  const items = new Map<string, Item<object>>()
  const written: string[] = []
  const objects = new Set<string>()
  const write = (what: string): void => {
    if (written.length + 1 >= failAt) throw new Error('killed')
    written.push(what)
  }
  const deps = {
    kinds,
    now: () => new Date(job.created),
    pause: async () => {},
    random: (bytes: number) => new Uint8Array(bytes),
    objects: {
      put: async (bucket: string, key: string, bytes: Uint8Array) => {
        write(`${bucket} ${key} ${new TextDecoder().decode(bytes)}`)
        objects.add(key)
      },
    },
    table: {
      get: async (key: Item<object>) => items.get(`${key.pk} ${key.sk}`),
      create: async (item: Item<object>) => {
        if (items.has(`${item.pk} ${item.sk}`)) throw new AlreadyExists()
        write(`${item.pk} ${item.sk} ${item.gpk} ${item.gsk}`)
        items.set(`${item.pk} ${item.sk}`, item)
        return item
      },
    },
  } as unknown as WorkflowDeps
  return { deps, items, objects, written }
}
const ask = new TextEncoder().encode('{"a":1}')

describe('submitting', () => {
  it('writes ask and live pointer, then the job, then the pointer of its owner', async () => {
    const { deps, written, items } = store()
    expect(await submit(deps, { job, ask, listed })).toMatchObject({ made: true, job: { jobId: 'job_a' } })
    expect(written).toEqual([
      'protected jobs/job_a/ask.json {"a":1}',
      'JOB#job_a LIVE JOB#LIVE ada#2026-03-02T09:00:00.000Z#job_a',
      'JOB#job_a JOB DATASET#dat_a JOB#2026-03-02T09:00:00.000Z#job_a',
      'JOB#job_a OWNER USER#ada JOB#2026-03-02T09:00:00.000Z#job_a',
    ])
    expect(items.get('JOB#job_a JOB')).toEqual({ pk: 'JOB#job_a', sk: 'JOB', ...job, ...listed })
    expect(items.get('JOB#job_a LIVE')).toEqual({
      pk: 'JOB#job_a',
      sk: 'LIVE',
      gpk: 'JOB#LIVE',
      gsk: 'ada#2026-03-02T09:00:00.000Z#job_a',
      jobId: 'job_a',
      created: job.created,
    })
  })

  it('keeps runs of pipelines apart from jobs, for whoever counts them', async () => {
    const { deps, written } = store()
    await submit(deps, { job: { ...job, kind: 'pipeline' }, listed })
    expect(written.filter((w) => / (LIVE|OWNER) /.test(w))).toEqual([
      'JOB#job_a LIVE JOB#LIVE run:ada#2026-03-02T09:00:00.000Z#job_a',
      'JOB#job_a OWNER USER#ada RUN#2026-03-02T09:00:00.000Z#job_a',
    ])
  })

  it('answers the first job when it is there already, and mends the pointer of its owner', async () => {
    const { deps, items } = store()
    await submit(deps, { job, ask, listed })
    items.delete('JOB#job_a OWNER')
    const again = await submit(deps, { job: { ...job, title: 'Another', created: '2026-03-03T00:00:00.000Z' }, listed })
    expect(again).toMatchObject({ made: false, job: { title: 'T' } })
    expect(items.get('JOB#job_a OWNER')!.gsk).toBe('JOB#2026-03-02T09:00:00.000Z#job_a')
  })

  it('puts back what the watch took away between an old pointer and the job', async () => {
    const { deps, items, objects } = store()
    await submit(deps, { job: { ...job, created: '2026-03-02T08:00:00.000Z' }, ask, listed })
    items.delete('JOB#job_a JOB')
    const create = deps.table.create
    deps.table.create = (async (item: { pk: string; sk: string }) => {
      const made = await create(item as never)
      if (item.sk !== 'JOB') return made
      items.delete('JOB#job_a LIVE')
      objects.clear()
      return made
    }) as never
    await submit(deps, { job, ask, listed })
    expect(items.has('JOB#job_a LIVE')).toBe(true)
    expect([...objects]).toEqual(['jobs/job_a/ask.json'])
  })

  it('has no job without what is asked and a pointer by which the watch finds it, wherever it is killed', async () => {
    for (let n = 1; n <= 5; n++) {
      const { deps, items, written } = store(n)
      await submit(deps, { job, ask, listed }).catch(() => undefined)
      if (!items.has('JOB#job_a JOB')) continue
      expect(written.some((w) => w.startsWith('protected'))).toBe(true)
      expect(items.has('JOB#job_a LIVE')).toBe(true)
    }
  })
})
