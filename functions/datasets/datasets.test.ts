import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { defaultDatasetPolicy } from '../../domain/datasets/policy.ts'
import type { Table } from '../../ports/table.ts'
import { commit, reserve } from '../../domain/privacy/ledger.ts'
import {
  type BudgetItem,
  type ChargeItem,
  type DatasetItem,
  type JobItem,
  keyOf,
  type MemberItem,
} from '../kernel/items.ts'
import type { StepDeps } from '../workflow/job-kind.ts'
import { createDatasets } from './datasets.ts'
import { type DatasetStage, sha256, stage, subjectsCsv, subjectsSchema } from './testing.ts'
import { eventOf } from '../kernel/testing.ts'
import { datasets } from '../../contracts/datasets.ts'

let lab: DatasetStage
beforeEach(async () => {
  lab = await stage()
})
afterEach(() => lab.h.close())
const cleo = () => lab.h.person('cleo')
const get = (datasetId: string, who = cleo()) => lab.h.call('datasets', 'get', { as: who, params: { datasetId } })
const published = async (policy = defaultDatasetPolicy, name = 'trial'): Promise<string> => {
  const id = await lab.make(name)
  await lab.walk(await lab.read(id, { 'subjects.csv': subjectsCsv }))
  await lab.walk(await lab.publish(id, subjectsSchema, policy))
  return id
}
const acts = async (datasetId: string) =>
  (await lab.h.call('datasets', 'history', { as: cleo(), params: { datasetId } })).items.map((e) => e.act)
const change = async (datasetId: string, body: object) =>
  lab.h.call('datasets', 'change', {
    as: cleo(),
    params: { datasetId },
    body: { rev: await lab.rev(datasetId), ...body },
  })

describe('a name', () => {
  it('is taken once in an organisation, and free in another', async () => {
    const id = await lab.make()
    const again = {
      as: cleo(),
      params: { organisationId: lab.organisationId },
      body: { name: 'trial', title: 'Another' },
    }
    expect(await lab.h.refused('datasets', 'create', again)).toMatchObject({ kind: 'already-exists' })
    const { organisationId } = await lab.h.organisation('Elsewhere', { cora: ['custodian'] })
    const other = await lab.h.call('datasets', 'create', {
      as: lab.h.person('cora'),
      params: { organisationId },
      body: { name: 'trial', title: 'Theirs' },
    })
    expect(other.datasetId).not.toBe(id)
    expect(await lab.h.deps.table.get(keyOf.datasetName(organisationId, 'trial'))).toMatchObject({
      datasetId: other.datasetId,
    })
  })
  it('is won by one of many who want it at the same time', async () => {
    const all = await Promise.all(
      Array.from({ length: 6 }, (_, index) =>
        lab.h.answer('datasets', 'create', {
          as: cleo(),
          params: { organisationId: lab.organisationId },
          body: { name: 'wanted', title: `Number ${index}` },
        }),
      ),
    )
    expect(all.map((r) => r.status).sort()).toEqual([201, 409, 409, 409, 409, 409])
  })
  it('is not lost when the process is killed at any write on the way', async () => {
    const isKilled = async (survived: number): Promise<boolean> => {
      let left = survived
      const table = new Proxy(lab.h.deps.table, {
        get: (table, member) =>
          member === 'create'
            ? async (item: never) => {
                if (left-- <= 0) throw new Error('killed')
                return table.create(item)
              }
            : (Reflect.get(table, member) as (...a: unknown[]) => unknown).bind(table),
      })
      const event = eventOf(datasets.routes.create, {
        as: cleo(),
        params: { organisationId: lab.organisationId } as never,
        body: { name: `n${survived}`, title: 'T' },
      })
      return (await createDatasets({ ...lab.h.deps, table } as StepDeps)(event, {} as never)).statusCode === 500
    }
    let writes = 0
    while (writes < 10 && (await isKilled(writes))) {
      await lab.make(`n${writes}`)
      writes++
    }
    expect(writes).toBeGreaterThan(3)
    expect(writes).toBeLessThan(10)
  })
})

describe('who sees what', () => {
  it('a draft is its custodians’ alone; what is published is the organisation’s; a stranger finds nothing', async () => {
    const id = await published()
    const draft = await lab.make('draft')
    await lab.h.organisation('Elsewhere', { sam: ['admin', 'custodian', 'analyst', 'auditor'] })
    for (const who of ['anil', 'rosa', 'ada']) {
      expect(
        (
          await lab.h.call('datasets', 'list', {
            as: lab.h.person(who),
            params: { organisationId: lab.organisationId },
          })
        ).items.map((deps) => deps.datasetId),
      ).toEqual([id])
      expect(
        (await lab.h.refused('datasets', 'get', { as: lab.h.person(who), params: { datasetId: draft } })).kind,
      ).toBe('not-found')
      expect(
        (await lab.h.refused('datasets', 'reading', { as: lab.h.person(who), params: { datasetId: id } })).kind,
      ).toBe('forbidden')
    }
    for (const datasetId of [id, draft])
      expect((await lab.h.refused('datasets', 'get', { as: lab.h.person('sam'), params: { datasetId } })).kind).toBe(
        'not-found',
      )
    expect(
      (await lab.h.call('datasets', 'list', { as: cleo(), params: { organisationId: lab.organisationId } })).items,
    ).toHaveLength(2)
  })
  it('nothing of the data is in the catalogue: no value, no count', async () => {
    const id = await lab.make()
    const marked = `subject,arm\n${Array.from({ length: 7919 }, (_, i) => `marker-${i},x`).join('\n')}\n`
    await lab.walk(await lab.read(id, { 'subjects.csv': marked }))
    await lab.walk(await lab.publish(id, subjectsSchema))
    const seen = JSON.stringify([
      await get(id),
      await get(id, lab.h.person('anil')),
      await lab.h.call('datasets', 'discovery'),
      await lab.h.call('datasets', 'list', {
        as: lab.h.person('anil'),
        params: { organisationId: lab.organisationId },
      }),
      lab.h.logs,
      await acts(id),
    ])
    expect(seen).not.toMatch(/marker-|7919/)
    expect(JSON.stringify(await lab.h.call('datasets', 'reading', { as: cleo(), params: { datasetId: id } }))).toMatch(
      /7919.*marker-/,
    )
  })
  it('says who may ask, and why not', async () => {
    const id = await published({
      ...defaultDatasetPolicy,
      people: { kind: 'named', userIds: ['user-anil'] },
      expires: '2026-04-01',
    })
    expect(await get(id, lab.h.person('anil'))).toMatchObject({ mayAnalyse: true })
    expect(await get(id, lab.h.person('rosa'))).toMatchObject({
      mayAnalyse: false,
      why: expect.stringContaining('names the people'),
    })
    expect(await get(id, lab.h.person('ada'))).toMatchObject({
      mayAnalyse: false,
      why: expect.stringContaining('role'),
    })
    expect(await get(id, lab.h.person('anil', { scopes: ['datasets:read'] }))).toMatchObject({
      mayAnalyse: false,
      why: expect.stringContaining('jobs:write'),
    })
    lab.h.clock.set('2026-04-01T00:00:00.000Z')
    expect(await get(id, lab.h.person('anil'))).toMatchObject({
      mayAnalyse: false,
      why: expect.stringContaining('2026-04-01'),
    })
    expect((await lab.h.call('datasets', 'discovery')).datasets).toEqual([])
  })
  it('discovery names what is listed, for as long as it is', async () => {
    const id = await published({ ...defaultDatasetPolicy, listed: false })
    const named = async () => (await lab.h.call('datasets', 'discovery')).datasets.map((deps) => deps.datasetId)
    expect(await named()).toEqual([])
    await change(id, { policy: { ...defaultDatasetPolicy, disclosure: { minimumSubjects: 20 } } })
    expect((await lab.h.call('datasets', 'discovery')).datasets).toMatchObject([
      { datasetId: id, minimumSubjects: 20, languages: ['sql', 'python', 'r', 'notebook'] },
    ])
    await change(id, { policy: { ...defaultDatasetPolicy, listed: false } })
    expect(await named()).toEqual([])
    await change(id, { policy: defaultDatasetPolicy })
    await lab.h.call('datasets', 'retire', { as: cleo(), params: { datasetId: id }, body: { rev: await lab.rev(id) } })
    expect(await named()).toEqual([])
    expect(await get(id, lab.h.person('anil'))).toMatchObject({ state: 'retired', mayAnalyse: false })
  })
})

describe('files', () => {
  it('are asked for once, and only those that are not there', async () => {
    const id = await lab.make()
    const bytes = new TextEncoder().encode(subjectsCsv)
    const file = { path: 'a/subjects.csv', size: bytes.length, sha256: sha256(bytes) }
    const ask = () =>
      lab.h.call('datasets', 'uploads', { as: cleo(), params: { datasetId: id }, body: { files: [file] } })
    expect((await ask()).uploads).toMatchObject([{ path: 'a/subjects.csv', present: false, upload: { method: 'PUT' } }])
    expect(
      (await lab.h.refused('datasets', 'read', { as: cleo(), params: { datasetId: id }, body: { files: [file] } }))
        .kind,
    ).toBe('asset-missing')
    await lab.h.deps.objects.put('protected', `datasets/${id}/blobs/${file.sha256}`, bytes, 'text/csv')
    expect((await ask()).uploads).toEqual([{ path: 'a/subjects.csv', present: true }])
    expect((await lab.h.call('datasets', 'reading', { as: cleo(), params: { datasetId: id } })).state).toBe('none')
    const { jobId } = await lab.h.call('datasets', 'read', {
      as: cleo(),
      params: { datasetId: id },
      body: { files: [file] },
    })
    expect(lab.started).toEqual([`${jobId}/1`])
    expect(await lab.h.call('datasets', 'reading', { as: cleo(), params: { datasetId: id } })).toMatchObject({
      state: 'reading',
      jobId,
    })
    expect(await lab.h.deps.table.get<JobItem>(keyOf.job(jobId))).toMatchObject({
      kind: 'registration',
      state: 'queued',
      gpk: `DATASET#${id}`,
    })
  })
  it('are ready to be confirmed once nothing of their reading will change the dataset again', async () => {
    const id = await lab.make()
    const jobId = await lab.read(id, { 'subjects.csv': subjectsCsv })
    const state = async () => (await lab.h.call('datasets', 'reading', { as: cleo(), params: { datasetId: id } })).state
    const seen: [string, number][] = []
    // Looked at before every write that the job makes.
    const table: Table = Object.assign(Object.create(lab.h.deps.table) as Table, {
      update: async (...given: Parameters<Table['update']>) => {
        seen.push([await state(), await lab.rev(id)])
        return lab.h.deps.table.update(...given)
      },
    })
    await lab.walk(jobId, { ...lab.h.deps, table })
    const last = await lab.rev(id)
    expect(await state()).toBe('ready')
    expect(seen.length).toBeGreaterThan(2)
    expect(seen.filter(([as, rev]) => as === 'ready' && rev !== last)).toEqual([])
    expect(seen[0]![0]).toBe('reading')
  })
  it('are refused when none is a table, when two lie at one path, or one where it could be mistaken for another', async () => {
    const id = await lab.make()
    for (const given of [
      ['notes.txt'],
      ['a.csv', 'A.csv'],
      ['../x.csv'],
      ['/etc/x.csv'],
      ['.hidden/x.csv'],
      ['a//b.csv'],
      ['a/'],
      ['a\\b.csv'],
      ['ä.csv'],
      ['a/../b.csv'],
    ]) {
      const files = given.map((path) => ({ path, size: 1, sha256: 'a'.repeat(64) }))
      expect(
        (await lab.h.refused('datasets', 'read', { as: cleo(), params: { datasetId: id }, body: { files } })).kind,
        given.join(),
      ).toBe('invalid-request')
      // A table has to be among the files that are read, not among those of one upload.
      const calls = given[0] === 'notes.txt' ? [] : (['uploads'] as const)
      for (const call of calls)
        expect(
          (await lab.h.refused('datasets', call, { as: cleo(), params: { datasetId: id }, body: { files } })).kind,
          given.join(),
        ).toBe('invalid-request')
    }
  })
})

describe('publishing', () => {
  it('needs a reading, a schema that fits it, and the dataset as it was seen', async () => {
    const id = await lab.make()
    const params = { datasetId: id }
    const refused = async (body: object) =>
      lab.h.refused('datasets', 'publish', {
        as: cleo(),
        params,
        body: { rev: await lab.rev(id), schema: subjectsSchema, policy: defaultDatasetPolicy, ...body },
      })
    expect((await refused({})).kind).toBe('wrong-state')
    await lab.walk(await lab.read(id, { 'subjects.csv': subjectsCsv }))
    expect((await refused({ rev: 1 })).kind).toBe('changed-meanwhile')
    expect(
      await refused({ schema: { tables: [{ ...subjectsSchema.tables[0]!, file: 'other.csv' }], images: [] } }),
    ).toMatchObject({ kind: 'invalid-schema', errors: [{ path: '/body/schema/tables/0/file' }] })
    expect(await refused({ policy: { ...defaultDatasetPolicy, expires: '2020-01-01' } })).toMatchObject({
      kind: 'invalid-request',
      errors: [{ path: '/body/policy/expires' }],
    })
    const jobId = await lab.publish(id, subjectsSchema)
    expect((await refused({})).kind).toBe('wrong-state')
    await lab.walk(jobId)
    expect(await get(id)).toMatchObject({ version: 1 })
  })
})

describe('the budget', () => {
  it('is opened with the dataset, moved with its policy, and never lowered under what is spent', async () => {
    const id = await published()
    const table = lab.h.deps.table
    const opened = (await get(id)).budget
    expect(opened).toMatchObject({
      epsilon: 10,
      left: expect.closeTo(10, 6) as number,
      spentNanoRho: 0,
      reservedNanoRho: 0,
    })
    const half = Math.floor(opened.limitNanoRho / 2)
    await table.update(keyOf.budget(id), reserve('job_a', half))
    await table.update(keyOf.budget(id), commit('job_a', half))
    await table.update(keyOf.budget(id), reserve('job_b', 1000))
    expect((await get(id)).budget).toMatchObject({ spentNanoRho: half, reservedNanoRho: 1000 })
    expect(
      await lab.h.refused('datasets', 'change', {
        as: cleo(),
        params: { datasetId: id },
        body: { rev: await lab.rev(id), policy: { ...defaultDatasetPolicy, budget: { epsilon: 1, delta: 1e-6 } } },
      }),
    ).toMatchObject({ kind: 'wrong-state' })
    await change(id, { policy: { ...defaultDatasetPolicy, budget: { epsilon: 20, delta: 1e-6 } } })
    const budget = (await table.get<BudgetItem>(keyOf.budget(id)))!
    expect(budget.limit).toBeGreaterThan(opened.limitNanoRho)
    expect(budget.available).toBe(budget.limit - half - 1000)
    expect(await acts(id)).toContain('budget.raised')
  })
  it('follows the policy after a crash between the two', async () => {
    const id = await published()
    const wanted = { ...defaultDatasetPolicy, budget: { epsilon: 4, delta: 1e-6 } }
    await lab.h.deps.table.update<DatasetItem>(keyOf.dataset(id), { set: { policy: wanted } })
    await change(id, { policy: wanted })
    expect((await get(id)).budget.left).toBeCloseTo(4, 6)
  })
  it('has a ledger for the custodian', async () => {
    const id = await published()
    for (const [what, at] of [
      ['reserved', '2026-03-02T10:00:00.000Z'],
      ['committed', '2026-03-02T10:00:01.000Z'],
    ] as const)
      await lab.h.deps.table.create<ChargeItem>({
        ...keyOf.charge(id, at, 'job_aaaaaaaaaaaaaaaa', what),
        datasetId: id,
        jobId: 'job_aaaaaaaaaaaaaaaa',
        userId: 'user-anil',
        what,
        nanoRho: 1_000_000,
        at,
      })
    const { items } = await lab.h.call('datasets', 'ledger', { as: cleo(), params: { datasetId: id } })
    expect(items).toMatchObject([
      { what: 'committed', name: 'Anil', nanoRho: 1_000_000, epsilon: expect.closeTo(0.154, 1) as number },
      { what: 'reserved' },
    ])
    expect(
      (await lab.h.refused('datasets', 'ledger', { as: lab.h.person('anil'), params: { datasetId: id } })).kind,
    ).toBe('forbidden')
  })
})

describe('changing', () => {
  it('is written down before it takes effect, by its fields; what changes nothing leaves no trace', async () => {
    const id = await published()
    await change(id, { title: 'Better', policy: { ...defaultDatasetPolicy, approval: true } })
    const first = (await lab.h.call('datasets', 'history', { as: cleo(), params: { datasetId: id } })).items[0]!
    expect(first).toMatchObject({
      act: 'dataset.changed',
      detail: { fields: ['policy.approval', 'title'] },
      who: { name: 'Cleo' },
    })
    const before = await acts(id)
    await change(id, { title: 'Better', policy: { ...defaultDatasetPolicy, approval: true } })
    expect(await acts(id)).toEqual(before)
  })
  it('refuses a policy that contradicts itself or goes under the floor', async () => {
    const datasetId = await lab.make()
    for (const part of [
      { languages: [] },
      { modes: [] },
      { people: { kind: 'named', userIds: [] } },
      { budget: { epsilon: 0, delta: 1e-6 } },
      { disclosure: { minimumSubjects: 4 } },
      { languages: ['sql', 'sql'] },
    ])
      expect(
        (
          await lab.h.refused('datasets', 'change', {
            as: cleo(),
            params: { datasetId },
            body: { rev: 1, policy: { ...defaultDatasetPolicy, ...part } as never },
          })
        ).kind,
        JSON.stringify(part),
      ).toBe('invalid-request')
  })
  it('a role that is taken away is gone at once', async () => {
    const id = await published()
    await lab.h.deps.table.update<MemberItem>(keyOf.member(lab.organisationId, 'user-cleo'), {
      set: { roles: ['analyst'] },
    })
    expect(
      (await lab.h.refused('datasets', 'change', { as: cleo(), params: { datasetId: id }, body: { rev: 1 } })).kind,
    ).toBe('forbidden')
  })
})
