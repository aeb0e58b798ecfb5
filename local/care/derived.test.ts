/** Derived items are made anew of what they are derived from: as they were, once, and nothing else is touched. */
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { allEntities } from '../../contracts/index.ts'
import { localTable } from '../../adapters/local/table.ts'
import { TableFile } from '../../adapters/local/table-file.ts'
import { tableFile } from '../../adapters/local/table-folder.ts'
import { isWhole, itemOf } from '../../adapters/local/table-row.ts'
import { recordItemKey } from '../../adapters/local/object-records.ts'
import { indexKeyOf, keyOf } from '../../functions/kernel/items.ts'
import type { Item } from '../../ports/table.ts'
import { openStore, storeFolder } from '../store.ts'
import { derivedNames } from './derived-rules.ts'
import { lookAt } from './look.ts'
import { repair } from './repair.ts'

let home: string
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'cloister-derived-'))
  await (await openStore(home, { say: () => {}, failed: () => {} })).close()
  const table = await localTable({ folder: storeFolder(home), failed: () => {} })
  for (const item of sources()) await table.create(item)
  await table.close()
})
afterAll(() => rm(home, { recursive: true, force: true }))

const at = '2026-03-02T09:00:00.000Z'
const job = (jobId: string, more: object): Item => ({
  ...keyOf.job(jobId),
  jobId,
  kind: 'query',
  state: 'succeeded',
  organisationId: 'org_a',
  datasetId: 'dat_a',
  userId: 'ada',
  created: at,
  attempt: 1,
  steps: {},
  ...more,
})
const run = (runId: string, more: object): Item => ({
  ...keyOf.run(runId),
  runId,
  studyId: 'std_a',
  state: 'live',
  last: at,
  started: at,
  ...more,
})
const dataset = (datasetId: string, gsk: string, more: object = {}): Item => ({
  ...keyOf.dataset(datasetId),
  gpk: 'ORG#org_a',
  gsk,
  datasetId,
  organisationId: 'org_a',
  name: `name of ${datasetId}`,
  state: 'published',
  policy: { listed: true },
  created: at,
  ...more,
})
const object = (bucket: 'sealed' | 'assets' | 'protected', key: string): Item => ({
  ...recordItemKey(bucket, key),
  type: 'text/plain',
  size: 3,
  sha256: 'a',
  name: 'x',
  start: 0,
})
const sources = (): Item[] => [
  run('run_live', {}),
  run('run_done', { state: 'completed' }),
  run('run_gone', { state: 'withdrawn', withdrawn: at }),
  { ...keyOf.chunk('run_gone', 1), first: 1, last: 1, records: [] },
  object('sealed', 'runs/run_live/aaaa'),
  object('assets', 'blobs/org_a/bbbb'),
  object('protected', 'datasets/dat_a/blobs/cccc'),
  object('protected', 'datasets/dat_a/v000001/cccc'),
  object('protected', 'pipelines/pip_a/blobs/dddd'),
  object('protected', 'experiments/exp_a/blobs/eeee'),
  job('job_over', {}),
  job('job_held', { state: 'held', waiting: 'checkers', steps: { check: { started: at, ended: at } } }),
  job('job_run', {
    kind: 'pipeline',
    state: 'held',
    waiting: 'checkers',
    steps: { check: { started: at, ended: at } },
  }),
  dataset('dat_a', `DATASET#${at}#dat_a`),
  dataset('dat_b', `DATASET#${at}#dat_b`, { policy: { listed: false } }),
  dataset('dat_c', `UPLOAD#${at}#dat_c`, { state: 'draft' }),
  { ...keyOf.synthesis('syn_a'), synthesisId: 'syn_a', state: 'running', expires: at },
  { ...keyOf.synthesis('syn_b'), synthesisId: 'syn_b', state: 'expired', expires: at },
]
const rows = (of: string): Map<string, Item | undefined> => {
  const table = TableFile.read(tableFile(storeFolder(of)))
  try {
    return new Map([...table.all()].map((row) => [`${row.pk} ${row.sk}`, isWhole(row) ? itemOf(row) : undefined]))
  } finally {
    table.close()
  }
}
const look = async (of: string) =>
  (await lookAt(of, 'quick', () => {})).findings.filter((one) => one.repair?.does === 'derive')

it('has a rule for every entity that the contracts call derived', () => {
  const derived = allEntities.filter(({ entity }) => entity.declaration.backedUp === 'derived').map(({ name }) => name)
  expect(derivedNames.toSorted()).toEqual(derived.toSorted())
})

it('makes each that can be proved, says how many, and finds nothing the second time', async () => {
  const before = rows(home)
  const found = await look(home)
  expect(found.map(({ repair: made }) => (made as { entity: string }).entity).toSorted()).toEqual(
    derivedNames.toSorted(),
  )
  const said = await repair(home, found)
  expect(said).toHaveLength(derivedNames.length)
  expect(said).toContain('3 items were made anew (a job from its owner’s side).')
  expect(said).toContain('2 items were made anew (run the sweep must look at).')
  const after = rows(home)
  const made = Object.fromEntries([...after].filter(([key]) => !before.has(key)))
  expect(Object.keys(made).toSorted()).toEqual([
    'DATASET#dat_a LISTED',
    'DATASET#dat_a UPLOADS',
    'DATASET#name#org_a#name of dat_a NAME',
    'DATASET#name#org_a#name of dat_b NAME',
    'EXPERIMENT#exp_a UPLOADS',
    'JOB#job_held HELD',
    'JOB#job_held LIVE',
    'JOB#job_held OWNER',
    'JOB#job_over OWNER',
    'JOB#job_run DATASET',
    'JOB#job_run HELD',
    'JOB#job_run LIVE',
    'JOB#job_run OWNER',
    'PIPELINE#pip_a UPLOADS',
    'RUN#run_gone DUE',
    'RUN#run_live DUE',
    'RUN#run_live OBJECTS',
    'STUDY#assets#org_a UPLOADS',
    'SYN#syn_a DUE',
  ])
  expect(made['JOB#job_run LIVE']!.gsk).toBe(`held:ada#${at}#job_run`)
  expect(made['JOB#job_held HELD']!.gsk).toBe(`HELD#1#${at}#job_held`)
  expect(made['RUN#run_live OBJECTS']).toMatchObject({ asked: ['aaaa'], bytes: 3 })
  expect([...before].every(([key, item]) => JSON.stringify(after.get(key)) === JSON.stringify(item))).toBe(true)
  expect(await look(home)).toEqual([])
})

it('puts one in the place of a damaged one, and leaves what it cannot prove', async () => {
  const damaged = `${home}-damaged`
  await cp(home, damaged, { recursive: true })
  try {
    const database = new DatabaseSync(tableFile(storeFolder(damaged)))
    const spoil = database.prepare('update item set value = ? where pk = ? and sk = ?')
    spoil.run('{"jobId":"another"}', 'JOB#job_over', 'OWNER')
    spoil.run('{"jobId":"another"}', 'JOB#job_held', 'JOB')
    spoil.run('{"jobId":"another"}', 'JOB#job_held', 'OWNER')
    database.close()
    const found = await look(damaged)
    expect(found).toMatchObject([{ grade: 'damage', repair: { entity: 'jobOwner' } }])
    expect(await repair(damaged, found)).toEqual(['1 item was made anew (a job from its owner’s side).'])
    const after = rows(damaged)
    expect(after.get('JOB#job_over OWNER')).toMatchObject(
      indexKeyOf.jobOwner.asked({ userId: 'ada', created: at, jobId: 'job_over' }),
    )
    expect([after.get('JOB#job_held JOB'), after.get('JOB#job_held OWNER')]).toEqual([undefined, undefined])
    expect(await look(damaged)).toEqual([])
  } finally {
    await rm(damaged, { recursive: true, force: true })
  }
})
