import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ConditionFailed } from '../../../ports/table.ts'
import { type DatasetStage, stage, subjectsCsv, subjectsSchema } from '../testing.ts'
import type { StepDeps } from '../../workflow/job-kind.ts'
import { type DatasetItem, type DatasetVersionItem, type JobItem, keyOf } from '../../kernel/items.ts'

let lab: DatasetStage
beforeEach(async () => {
  lab = await stage()
})
afterEach(() => lab.h.close())
const item = async (datasetId: string) => (await lab.h.deps.table.get<DatasetItem>(keyOf.dataset(datasetId)))!
const version = async (datasetId: string, v: number) =>
  lab.h.deps.table.get<DatasetVersionItem>(keyOf.datasetVersion(datasetId, v))
const reading = (datasetId: string) =>
  lab.h.call('datasets', 'reading', { as: lab.h.person('cleo'), params: { datasetId } })

async function published(): Promise<string> {
  const id = await lab.make()
  await lab.walk(await lab.read(id, { 'subjects.csv': subjectsCsv }))
  await lab.walk(await lab.publish(id, subjectsSchema))
  return id
}

describe('registration', () => {
  it('reads, proposes, stores and publishes', async () => {
    const id = await lab.make()
    const job = await lab.walk(await lab.read(id, { 'subjects.csv': subjectsCsv, 'notes.txt': 'hello' }))
    expect(job).toMatchObject({ state: 'succeeded', kind: 'registration' })
    expect(await lab.h.deps.table.get(keyOf.jobLive(job.jobId))).toBeUndefined()
    expect(await reading(id)).toMatchObject({
      state: 'ready',
      jobId: job.jobId,
      tables: [{ file: 'subjects.csv', rows: 2 }],
      other: [{ path: 'notes.txt', size: 5 }],
      proposed: { tables: [{ name: 'subjects', file: 'subjects.csv' }] },
    })
    expect(await item(id)).toMatchObject({ state: 'proposed', version: 0 })
    expect((await lab.h.refused('datasets', 'get', { as: lab.h.person('anil'), params: { datasetId: id } })).kind).toBe(
      'not-found',
    )
    await lab.walk(await lab.publish(id, subjectsSchema))
    expect(await item(id)).toMatchObject({ state: 'published', version: 1 })
    expect(await version(id, 1)).toMatchObject({
      version: 1,
      publishedBy: 'user-cleo',
      files: [{ path: 'subjects.csv' }],
      hash: expect.stringMatching(/^[0-9a-f]{64}$/),
    })
    expect(await lab.h.call('datasets', 'get', { as: lab.h.person('anil'), params: { datasetId: id } })).toMatchObject({
      version: 1,
      mayAnalyse: true,
      schema: { tables: [{ name: 'subjects' }] },
    })
    expect((await lab.h.call('datasets', 'discovery')).datasets).toMatchObject([
      { datasetId: id, organisation: 'Lab', version: 1, minimumSubjects: 10 },
    ])
  })
  it('answers the same for the same files and schema, so that a version’s hash names its content', async () => {
    const id = await published()
    await lab.walk(await lab.read(id, { 'subjects.csv': subjectsCsv }))
    await lab.walk(await lab.publish(id, subjectsSchema))
    expect(await item(id)).toMatchObject({ state: 'published', version: 2 })
    expect((await version(id, 2))!.hash).toBe((await version(id, 1))!.hash)
    expect((await version(id, 2))!.data.tables[0]!.parquet.key).not.toBe(
      (await version(id, 1))!.data.tables[0]!.parquet.key,
    )
  })
  it('tells the custodian, and nobody else, which file cannot be read and where', async () => {
    const id = await lab.make()
    const job = await lab.walk(await lab.read(id, { 'subjects.csv': 'subject\nbroken,secret-value\n' }))
    expect(job).toMatchObject({ state: 'failed', problem: { code: 'unreadable', step: 'compute' } })
    expect(await item(id)).toMatchObject({ state: 'draft', problem: { file: 'subjects.csv', line: 2 } })
    expect(await reading(id)).toMatchObject({
      state: 'failed',
      problem: { file: 'subjects.csv', line: 2, reason: 'a line has too many cells' },
      tables: [],
    })
    expect(JSON.stringify([job, lab.h.logs])).not.toContain('secret-value')
    await lab.walk(await lab.read(id, { 'subjects.csv': subjectsCsv }))
    expect(await item(id)).toMatchObject({ state: 'proposed' })
    expect((await item(id)).problem).toBeUndefined()
  })
  it('keeps the proposal when it cannot be stored, and what is published when new files cannot be read', async () => {
    const id = await lab.make()
    await lab.walk(await lab.read(id, { 'subjects.csv': `${subjectsCsv}wrong,x\n` }))
    expect(await lab.walk(await lab.publish(id, subjectsSchema))).toMatchObject({
      state: 'failed',
      problem: { code: 'unreadable' },
    })
    expect(await reading(id)).toMatchObject({
      state: 'failed',
      problem: { line: 3 },
      tables: [{ file: 'subjects.csv' }],
    })
    expect(await item(id)).toMatchObject({ state: 'proposed', version: 0 })
    const other = await (async () => {
      await lab.walk(await lab.read(id, { 'subjects.csv': subjectsCsv }))
      await lab.walk(await lab.publish(id, subjectsSchema))
      return id
    })()
    await lab.walk(await lab.read(other, { 'subjects.csv': 'broken' }))
    expect(await item(other)).toMatchObject({ state: 'published', version: 1, problem: { file: 'subjects.csv' } })
    const seen = await lab.h.call('datasets', 'get', { as: lab.h.person('anil'), params: { datasetId: other } })
    expect(seen).toMatchObject({ mayAnalyse: true })
    expect(seen.problem).toBeUndefined()
  })
  it('does nothing any more once another reading has begun, the job was cancelled, or the dataset is retired', async () => {
    const id = await lab.make()
    const first = await lab.read(id, { 'subjects.csv': 'broken' })
    const second = await lab.read(id, { 'subjects.csv': subjectsCsv })
    await lab.walk(second)
    expect(await lab.walk(first)).toMatchObject({ state: 'cancelled' })
    expect(await item(id)).toMatchObject({ state: 'proposed', readingJob: second })
    const third = await lab.read(id, { 'subjects.csv': subjectsCsv })
    await lab.h.deps.table.update(keyOf.job(third), {
      set: { state: 'cancelled', ended: lab.h.clock.now().toISOString() },
    })
    await lab.walk(third)
    expect(await reading(id)).toMatchObject({ state: 'failed' })
    const fourth = await lab.read(id, { 'subjects.csv': subjectsCsv })
    await lab.h.call('datasets', 'retire', {
      as: lab.h.person('cleo'),
      params: { datasetId: id },
      body: { rev: await lab.rev(id) },
    })
    expect(await lab.walk(fourth)).toMatchObject({ state: 'cancelled' })
    expect(await item(id)).toMatchObject({ state: 'retired' })
  })
  it('refuses a volume that nobody uploaded, by the line that names it', async () => {
    const id = await lab.make()
    const files = { 'paths.csv': 'subject,path\na,images/1.nii\nb,images/2.nii\n', 'images/1.nii': 'x' }
    await lab.walk(await lab.read(id, files))
    const schema = {
      tables: [
        {
          name: 'paths',
          file: 'paths.csv',
          oneRowPerSubject: true,
          columns: [
            { name: 'subject', type: 'text' as const, role: 'subject' as const },
            { name: 'path', type: 'text' as const },
          ],
        },
      ],
      images: [{ name: 'scans', kind: 'nifti' as const, table: 'paths', path: 'path', masks: [] }],
    }
    await lab.walk(await lab.publish(id, schema))
    expect(await reading(id)).toMatchObject({ state: 'failed', problem: { file: 'paths.csv', line: 3 } })
    await lab.walk(await lab.read(id, { ...files, 'images/2.nii': 'y' }))
    await lab.walk(await lab.publish(id, schema))
    expect((await version(id, 1))!.files.map((f) => f.path).sort()).toEqual([
      'images/1.nii',
      'images/2.nii',
      'paths.csv',
    ])
  })
})

/** Deps whose n-th write fails as if the process had been killed; `killed` says whether it came to that. */
function killing(deps: StepDeps, survived: number): { deps: StepDeps; killed: () => boolean } {
  let left = survived
  let dead = false
  const step = (): void => {
    if (dead || left-- <= 0) {
      dead = true
      throw new Error('killed')
    }
  }
  const writes = <P extends object>(port: P, names: string[]): P =>
    new Proxy(port, {
      get: (target, member) => {
        const method = Reflect.get(target, member) as (...a: unknown[]) => unknown
        return names.includes(String(member))
          ? async (...args: unknown[]) => {
              step()
              return method.apply(target, args)
            }
          : method.bind(target)
      },
    })
  return {
    killed: () => dead,
    deps: {
      ...deps,
      table: writes(deps.table, ['create', 'replace', 'update', 'remove']),
      objects: writes(deps.objects, ['put', 'remove']),
      engine: writes(deps.engine, ['read', 'store']),
    },
  }
}

describe('killed at any write and run again', () => {
  it.each(['read', 'store'] as const)('%s ends the same', async (act) => {
    let kills = 0
    for (let n = 0; ; n++) {
      const id = await lab.make(`trial_${n}`)
      const first = await lab.read(id, { 'subjects.csv': subjectsCsv })
      const jobId = act === 'read' ? first : await lab.walk(first).then(() => lab.publish(id, subjectsSchema))
      const attempt = killing(lab.h.deps, n)
      await lab.walk(jobId, attempt.deps).catch(() => undefined)
      // The watch starts it again under the next attempt.
      const held = (await lab.h.deps.table.get<JobItem>(keyOf.job(jobId)))!
      if (attempt.killed() && !['succeeded'].includes(held.state))
        await lab.h.deps.table
          .update(keyOf.job(jobId), { set: { attempt: held.attempt + 1 } })
          .catch((error: unknown) => {
            if (!(error instanceof ConditionFailed)) throw error
          })
      expect(await lab.walk(jobId), `killed at write ${n}`).toMatchObject({ state: 'succeeded' })
      expect(await item(id)).toMatchObject(
        act === 'read' ? { state: 'proposed', version: 0 } : { state: 'published', version: 1 },
      )
      const stored = act === 'store' ? (await version(id, 1))!.data.tables : []
      for (const { parquet } of stored)
        expect((await lab.h.deps.objects.get('protected', parquet.key)).length).toBe(parquet.size)
      if (!attempt.killed()) break
      kills++
    }
    expect(kills).toBeGreaterThan(act === 'read' ? 4 : 5)
  })
})

describe('a version’s number', () => {
  /** A proposed dataset, and the job that is to store its first version. */
  async function storing(): Promise<{ id: string; jobId: string }> {
    const id = await lab.make()
    await lab.walk(await lab.read(id, { 'subjects.csv': subjectsCsv }))
    return { id, jobId: await lab.publish(id, subjectsSchema) }
  }
  /** Has the job store its tables while another is given its place, and answers the other. */
  async function overtaken(id: string, jobId: string, then: (newer: string) => Promise<void>): Promise<string> {
    let newer = ''
    const { engine } = lab.h.deps
    const slow: StepDeps['engine'] = {
      ...engine,
      store: async (...asked) => {
        const stored = await engine.store(...asked)
        await end(jobId)
        newer = await lab.publish(id, subjectsSchema)
        await then(newer)
        return stored
      },
    }
    await lab.walk(jobId, { ...lab.h.deps, engine: slow })
    return newer
  }
  const end = (jobId: string) =>
    lab.h.deps.table.update(keyOf.job(jobId), { set: { state: 'failed', ended: lab.h.clock.now().toISOString() } })

  it('is free again when the job that stored it ended before it could publish', async () => {
    const { id, jobId } = await storing()
    const { table } = lab.h.deps
    const busy: StepDeps['table'] = {
      ...table,
      update: async (key, change) => {
        if (key.pk === keyOf.dataset(id).pk) throw new Error('the store is busy')
        return table.update(key, change)
      },
    }
    await expect(lab.walk(jobId, { ...lab.h.deps, table: busy })).rejects.toThrow('busy')
    await end(jobId)
    expect(await version(id, 1)).toMatchObject({ jobId })
    expect(await item(id)).toMatchObject({ state: 'proposed', version: 0 })
    const second = await lab.publish(id, subjectsSchema)
    expect(await lab.walk(second)).toMatchObject({ state: 'succeeded' })
    expect(await item(id)).toMatchObject({ state: 'published', version: 1 })
    expect(await version(id, 1)).toMatchObject({ jobId: second })
  })
  it('stays with the job that published it, however late another comes with its tables', async () => {
    const { id, jobId } = await storing()
    const second = await overtaken(id, jobId, async (newer) => void (await lab.walk(newer)))
    expect(await item(id)).toMatchObject({ state: 'published', version: 1, readingJob: second })
    expect(await version(id, 1)).toMatchObject({ jobId: second })
    expect((await item(id)).problem).toBeUndefined()
  })
  it('stays with the newer job also where it has not published yet', async () => {
    const { id, jobId } = await storing()
    const second = await overtaken(
      id,
      jobId,
      async (newer) => void (await lab.h.deps.table.create({ jobId: newer, ...keyOf.datasetVersion(id, 1) })),
    )
    expect(await version(id, 1)).toMatchObject({ jobId: second })
  })
})
describe('killed at any write and given up', () => {
  it('leaves a dataset whose next version is stored by the next job', async () => {
    let kills = 0
    for (let n = 0; ; n++) {
      const id = await lab.make(`trial_${n}`)
      await lab.walk(await lab.read(id, { 'subjects.csv': subjectsCsv }))
      const givenUp = await lab.publish(id, subjectsSchema)
      const attempt = killing(lab.h.deps, n)
      await lab.walk(givenUp, attempt.deps).catch(() => undefined)
      if (!attempt.killed()) break
      kills++
      // As settling does once the workflow has no more tries.
      await lab.h.deps.table.update(keyOf.job(givenUp), {
        set: { state: 'failed', ended: lab.h.clock.now().toISOString() },
      })
      const before = (await item(id)).version
      const next = await lab.publish(id, subjectsSchema)
      expect(await lab.walk(next), `killed at write ${n}`).toMatchObject({ state: 'succeeded' })
      expect(await item(id)).toMatchObject({ state: 'published', version: before + 1 })
      expect(await version(id, before + 1)).toMatchObject({ jobId: next })
      // A version that was published is never another one afterwards.
      expect((await version(id, 1))!.jobId).toBe(before === 1 ? givenUp : next)
    }
    expect(kills).toBeGreaterThan(5)
  })
  it('makes no other version of one that was published', async () => {
    const id = await published()
    const first = (await version(id, 1))!
    const late = await lab.publish(id, subjectsSchema)
    await lab.h.deps.table.update(keyOf.job(late), { set: { datasetVersion: 1 } })
    expect(await lab.walk(late)).toMatchObject({ state: 'failed', problem: { code: 'unreadable' } })
    expect(await version(id, 1)).toEqual(first)
    expect(await item(id)).toMatchObject({ state: 'published', version: 1 })
  })
})
