/**
 * Synthetic data over HTTP, with a real host and its runners: from an upload to files, odd tables, a runner that dies,
 * and who may see what.
 */
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { Client } from '../clients/api.ts'
import { readCsv } from '../domain/datasets/csv.ts'
import { type BudgetItem, keyOf } from '../functions/kernel/items.ts'
import { sweepExpired } from '../functions/synthesis/expiry.ts'
import { createRecoverJobs } from '../functions/workflow/recover-jobs.ts'
import { type Asked, openStage, refusedWith, register, settled, type Stage } from './jobs-support.ts'
import {
  adultCsv,
  adultPlan,
  evaluate,
  make,
  type PlanInput,
  rested,
  type SynthesisView,
  upload,
} from './synthesis-support.ts'
import { eventually } from './eventually.ts'

// States are waited for, however busy the machine is.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 })

let stage: Stage
let cleo: Client
let anil: Client
let sam: Client
beforeAll(async () => {
  stage = await openStage()
  ;[cleo, anil, sam] = await Promise.all([
    stage.as('cleo@demo.cloister'),
    stage.as('anil@demo.cloister'),
    stage.as('sam@stranger.cloister'),
  ])
})
afterAll(() => stage?.close())

const budgetOf = async (datasetId: string): Promise<BudgetItem> =>
  (await stage.host.deps.table.get<BudgetItem>(keyOf.budget(datasetId)))!
const fetched = async (
  client: Client,
  synthesisId: string,
  format: 'csv' | 'parquet' | 'dictionary' | 'croissant' | 'card',
): Promise<Buffer> => {
  const { url } = await client.synthesis.download({ params: { synthesisId }, query: { format } })
  return Buffer.from(await (await fetch(url)).arrayBuffer())
}

describe('the Adult table', () => {
  let synthesis: SynthesisView
  const plan = adultPlan
  it('is read, and a plan is proposed that takes nothing from its values', async () => {
    synthesis = await upload(cleo, stage.organisationId, 'adult.csv', await adultCsv())
    expect(synthesis.state, JSON.stringify(synthesis)).toBe('proposed')
    expect(synthesis.plan!.columns).toHaveLength(14)
    for (const column of synthesis.plan!.columns) expect(column).toMatchObject({ buy: true, missing: true })
    // Its codes are whole numbers: a handful of them are proposed as categories that are bought.
    const kinds = Object.fromEntries(synthesis.plan!.columns.map((c) => [c.name, c.kind]))
    expect(kinds).toMatchObject({ age: 'numeric', sex: 'categorical', 'income>50K': 'categorical' })
    expect(JSON.stringify(synthesis.plan)).not.toMatch(/minimum|categories/)
    expect(synthesis.hints!['age']).toContain('distinct')
  })
  it('has a price before anything is charged', async () => {
    const quote = await cleo.synthesis.quote({ params: { synthesisId: synthesis.synthesisId }, body: await plan() })
    expect(quote).toMatchObject({ feasible: true, faults: [], bought: [] })
    expect(quote.nanoRho).toBeGreaterThan(0)
    const bought = await cleo.synthesis.quote({ params: { synthesisId: synthesis.synthesisId }, body: synthesis.plan! })
    expect(bought.bought).toHaveLength(14)
    // The thresholds for its categories have a share of delta, which is not rho.
    expect(bought.nanoRho).toBeGreaterThan(0.8 * quote.nanoRho)
    expect(bought.nanoRho).toBeLessThan(quote.nanoRho)
    expect((await budgetOf(synthesis.datasetId)).spent).toBe(0)
  })
  it('is made in rounds, with a card whose draws are the charge to the nano-rho', async () => {
    synthesis = await make(cleo, synthesis, await plan())
    expect(synthesis.state, JSON.stringify(synthesis)).toBe('ready')
    expect(synthesis.rounds.length).toBeGreaterThan(0)
    expect(synthesis.rounds.at(-1)!.spent).toBeLessThanOrEqual(1)
    const { card } = synthesis
    expect(card!.drawn.reduce((n, d) => n + d.nanoRho, 0)).toBe(card!.nanoRho)
    // What was reserved becomes what was spent at the job's last step, after its tables can be had.
    await eventually('the charge', async () => (await budgetOf(synthesis.datasetId)).spent > 0)
    const budget = await budgetOf(synthesis.datasetId)
    expect(budget.spent).toBe(card!.nanoRho)
    expect(budget.available + budget.spent).toBe(budget.limit)
    expect(card!.planHash).toBe(synthesis.planHash)
    // The same plan once more is the same job.
    const again = await cleo.synthesis.confirm({
      params: { synthesisId: synthesis.synthesisId },
      body: { rev: synthesis.rev, plan: await plan() },
    })
    expect(again.jobId).toBe(synthesis.jobId)
    expect((await budgetOf(synthesis.datasetId)).spent).toBe(budget.spent)
  })
  it('comes with files that have its columns and its domain', async () => {
    const [csv, parquet, dictionary, croissant, card] = await Promise.all(
      (['csv', 'parquet', 'dictionary', 'croissant', 'card'] as const).map((f) =>
        fetched(cleo, synthesis.synthesisId, f),
      ),
    )
    const rows = [...readCsv(csv!.toString('utf8'))].map((r) => r.cells)
    const { columns } = await plan()
    expect(rows[0]).toEqual(columns.map((c) => c.name))
    expect(rows.length - 1).toBe(synthesis.card!.rows)
    expect(Math.abs(rows.length - 1 - 2000)).toBeLessThan(200)
    const outside = columns.flatMap((column, index) =>
      rows
        .slice(1)
        .filter((row) =>
          column.kind === 'categorical'
            ? !column.categories!.includes(row[index]!)
            : column.kind === 'numeric' &&
              !(Number(row[index]) >= column.minimum! && Number(row[index]) <= column.maximum!),
        )
        .map((r) => [column.name, r[index]]),
    )
    expect(outside).toEqual([])
    expect(parquet!.subarray(0, 4).toString()).toBe('PAR1')
    expect(dictionary!.toString().split('\n')[0]).toContain('where values or range come from')
    expect(dictionary!.toString().trimEnd().split('\n')).toHaveLength(15)
    const { recordSet, distribution } = JSON.parse(croissant!.toString()) as {
      recordSet: { field: object[] }[]
      distribution: { sha256: string }[]
    }
    expect(recordSet[0]!.field).toHaveLength(14)
    expect(distribution[0]!.sha256).toBe(synthesis.card!.fileHash)
    expect(JSON.parse(card!.toString())).toMatchObject({ epsilon: 1, nanoRho: synthesis.card!.nanoRho })
  })
  it('is compared: for the custodian alone, or paid for and shown', async () => {
    const before = await budgetOf(synthesis.datasetId)
    await Promise.all([
      evaluate(cleo, synthesis.synthesisId, { kind: 'agreement' }),
      evaluate(cleo, synthesis.synthesisId, { kind: 'model', target: 'income>50K' }),
    ])
    expect((await budgetOf(synthesis.datasetId)).spent).toBe(before.spent)
    synthesis = await evaluate(cleo, synthesis.synthesisId, { kind: 'agreement', charge: 0.5 })
    expect((await budgetOf(synthesis.datasetId)).spent).toBeGreaterThan(before.spent)
    const agreement = synthesis.evaluations.find((e) => !e.charged && e.kind === 'agreement')!
    const model = synthesis.evaluations.find((e) => e.model)!.model!
    const paid = synthesis.evaluations.find((e) => e.charged)!
    expect(agreement.tvd1).toHaveLength(14)
    expect(agreement.tvd2).toHaveLength(91)
    expect(model.aucReal).toBeGreaterThan(0.7)
    expect(paid.noise).toBeGreaterThan(0)
    const mean = agreement.tvd1!.reduce((n, c) => n + c.tvd, 0) / 14
    expect(mean).toBeLessThan(0.2)
    expect(Math.abs(paid.tvd1![0]!.tvd - mean)).toBeLessThan(0.1 + 6 * paid.noise!)
    expect(
      await refusedWith(
        cleo.synthesis.evaluate({
          params: { synthesisId: synthesis.synthesisId },
          body: { kind: 'model', target: 'no such column' },
        }),
      ),
    ).toMatchObject({ kind: 'invalid-plan' })
  })
  it('is nobody’s but its custodians’ until it is shared, and then without what is theirs alone', async () => {
    const params = { synthesisId: synthesis.synthesisId }
    for (const stranger of [anil, sam])
      expect(await refusedWith(stranger.synthesis.get({ params }))).toMatchObject({ kind: 'not-found' })
    const list = (c: Client) => c.synthesis.list({ params: { organisationId: stage.organisationId } })
    expect((await list(anil)).items).toEqual([])
    synthesis = await cleo.synthesis.share({
      params,
      body: { rev: synthesis.rev, shared: true, title: 'Adult, synthetic' },
    })
    const seen = await anil.synthesis.get({ params })
    expect(seen.card).toEqual(synthesis.card)
    expect(seen.evaluations.map((e) => e.charged)).toEqual([true])
    expect(seen).not.toHaveProperty('hints')
    expect(seen.may).toEqual(['download'])
    expect((await fetched(anil, synthesis.synthesisId, 'csv')).length).toBeGreaterThan(1000)
    expect((await list(anil)).items).toHaveLength(1)
    expect(await refusedWith(sam.synthesis.get({ params }))).toMatchObject({ kind: 'not-found' })
    expect(
      await refusedWith(anil.synthesis.confirm({ params, body: { rev: synthesis.rev, plan: await plan() } })),
    ).toMatchObject({ kind: 'forbidden' })
  })
  it('has another version that costs again, and goes when it expires', async () => {
    const { table, objects } = stage.host.deps
    expect(await refusedWith(make(cleo, synthesis, await plan({ epsilon: 0.5 })))).toMatchObject({
      kind: 'wrong-state',
    })
    const again = await cleo.synthesis.begin({ body: { from: synthesis.synthesisId, title: 'Independent' } })
    expect(again).toMatchObject({ state: 'proposed', datasetId: synthesis.datasetId })
    const before = (await budgetOf(synthesis.datasetId)).spent
    const second = await make(cleo, again, await plan({ method: 'independent', epsilon: 0.5, rows: 500 }))
    expect(second.card).toMatchObject({ rows: 500, epsilon: 0.5 })
    expect((await budgetOf(synthesis.datasetId)).spent - before).toBe(second.card!.nanoRho)
    // A day after its last.
    const past = '2020-01-01T00:00:00.000Z'
    await table.update(keyOf.synthesis(again.synthesisId), { set: { expires: past } })
    await table.update(keyOf.synthesisDue(again.synthesisId), { set: { gsk: `${past}#${again.synthesisId}` } })
    expect(await sweepExpired(stage.host.deps)).toBe(1)
    expect(await cleo.synthesis.get({ params: { synthesisId: again.synthesisId } })).toMatchObject({
      state: 'expired',
      may: [],
    })
    expect(
      await refusedWith(cleo.synthesis.download({ params: { synthesisId: again.synthesisId }, query: {} })),
    ).toMatchObject({ kind: 'result-not-released' })
    const left: string[] = []
    for await (const key of objects.list('released', `synthesis/${again.synthesisId}/`))
      left.push(key.split('/').at(-1)!)
    expect(left.toSorted()).toEqual(['card.json', 'made.json'])
  })
})

/** Nothing spent, nothing held. */
async function untouched(synthesis: SynthesisView): Promise<void> {
  const budget = await budgetOf(synthesis.datasetId)
  expect(budget).toMatchObject({ spent: 0, available: budget.limit })
}
const read = (path: string, content: string | Uint8Array): Promise<SynthesisView> =>
  upload(cleo, stage.organisationId, path, content)
const csvOf = (rows: number, columns: Record<string, (i: number) => string>): string =>
  `${Object.keys(columns).join(',')}\n${Array.from({ length: rows }, (_, index) =>
    Object.values(columns)
      .map((f) => f(index))
      .join(','),
  ).join('\n')}\n`
const cheap = (synthesis: SynthesisView, over: Partial<PlanInput> = {}): PlanInput => ({
  ...synthesis.plan!,
  method: 'independent',
  ...over,
})
const cells = async (s: SynthesisView): Promise<string[][]> =>
  [...readCsv((await fetched(cleo, s.synthesisId, 'csv')).toString('utf8'))].map((r) => r.cells)

describe('a file that is no table', () => {
  const broken = Buffer.concat([Buffer.from('PAR1'), Buffer.alloc(200, 7)])
  it.each([
    ['empty.csv', '', /empty/],
    ['twice.csv', 'a,b,A\n1,2,3\n', /Columns 1 and 3 have the same name/],
    ['broken.parquet', broken, /not a whole Parquet file/],
    ['ragged.csv', 'a,b\n1,2\n3\n', /Line 3: A line has 1 cells/],
  ])('%s is said to be so', async (path, content, why) => {
    const synthesis = await read(path, content)
    expect(synthesis).toMatchObject({ state: 'failed', may: [] })
    expect(synthesis.problem).toMatch(why)
    expect(synthesis.faults![0]!.message).toMatch(why)
    await untouched(synthesis)
  })
  it('a header without rows is faulted when it is to be made', async () => {
    const synthesis = await read('header.csv', 'a,b\n')
    const quote = await cleo.synthesis.quote({
      params: { synthesisId: synthesis.synthesisId },
      body: cheap(synthesis, { columns: [{ name: 'a', kind: 'categorical', categories: ['x'] }] }),
    })
    expect(quote).toMatchObject({ feasible: false, faults: [{ message: 'The file has a header and no rows' }] })
  })
})

it('columns of every kind are planned, said to be odd, and made', async () => {
  const months = ['January', 'February', 'March']
  const synthesis = await read(
    'odd.csv',
    csvOf(400, {
      one: () => 'same',
      nothing: () => '',
      name: (i) => `person ${i}`,
      'größe 身長': (i) => `"1,${String(100 + i)}"`,
      day: (index) =>
        [
          `2020-01-${String(1 + (index % 28)).padStart(2, '0')}`,
          `${1 + (index % 28)}/02/2020`,
          `"${months[index % 3]} ${1 + (index % 28)}, 2020"`,
        ][index % 3]!,
      '"a ""b"""': (i) => ['x', 'y'][i % 2]!,
      born: (i) => `19${50 + (i % 40)}-03-01`,
    }),
  )
  expect(synthesis.state, synthesis.problem).toBe('proposed')
  const kinds = Object.fromEntries(synthesis.plan!.columns.map((c) => [c.name, c.kind]))
  expect(kinds).toEqual({
    one: 'categorical',
    nothing: 'identifier',
    name: 'identifier',
    'größe 身長': 'numeric',
    day: 'identifier',
    'a "b"': 'categorical',
    born: 'date',
  })
  expect(synthesis.hints!['one']).toContain('one value only')
  expect(synthesis.hints!['nothing']).toContain('Every value is missing')
  expect(synthesis.hints!['größe 身長']).toContain('commas between thousands')
  expect(synthesis.hints!['day']).toContain('not all written YYYY-MM-DD')
  // Planned against what they are, each is a fault by its name.
  const wrong = new Map<string, PlanInput['columns'][number]>([
    ['day', { name: 'day', kind: 'date', minimum: '2020-01-01', maximum: '2020-12-31' }],
    ['one', { name: 'one', kind: 'numeric', minimum: 0, maximum: 1, integer: true }],
  ])
  const against = synthesis.plan!.columns.map((column) => wrong.get(column.name) ?? column)
  const refused = await refusedWith(make(cleo, synthesis, cheap(synthesis, { columns: against })))
  expect(refused).toMatchObject({ kind: 'invalid-plan' })
  expect((refused.problem as { faults?: { column: string }[] }).faults!.map((f) => f.column).toSorted()).toEqual([
    'day',
    'one',
  ])
  await untouched(synthesis)
  // A value that is not declared is found before anything is bought.
  const failed = await make(
    cleo,
    synthesis,
    cheap(synthesis, {
      columns: synthesis.plan!.columns.map((c): PlanInput['columns'][number] =>
        c.name === 'a "b"' ? { name: c.name, kind: 'categorical', categories: ['x'] } : c,
      ),
    }),
  )
  expect(failed).toMatchObject({ state: 'failed', may: ['confirm'], faults: [{ column: 'a "b"' }] })
  await untouched(synthesis)
  const made = await make(cleo, synthesis, cheap(synthesis, { epsilon: 5 }))
  expect(made.state, JSON.stringify([made.problem, made.faults])).toBe('ready')
  const rows = await cells(made)
  // Whose row it was is made anew as a number; what nobody could name is left out.
  expect(rows[0]).toEqual(['one', 'name', 'größe 身長', 'a "b"', 'born'])
  expect(rows[1]![1]).toBe('1')
  expect(rows.slice(1).filter((r) => r[0] === 'same').length).toBeGreaterThan(rows.length * 0.7)
})

it('a runner that dies has paid for what it drew, and the same plan again goes on from there without another charge', async () => {
  const synthesis = await upload(cleo, stage.organisationId, 'adult.csv', await adultCsv())
  const params = { synthesisId: synthesis.synthesisId }
  const whole = await adultPlan({ method: 'aim', epsilon: 3 })
  const plan: PlanInput = {
    ...whole,
    columns: whole.columns.map((c, i) => (i < 9 ? c : { name: c.name, kind: 'identifier', use: 'drop' })),
    wishes: [],
  }
  const { jobId } = await cleo.synthesis.confirm({ params, body: { rev: synthesis.rev, plan } })
  const kept = async (): Promise<{ engine?: { entries: { values?: number[] }[] } } | undefined> => {
    try {
      return JSON.parse(
        new TextDecoder().decode(await stage.host.deps.objects.get('protected', `jobs/${jobId}/kept.json`)),
      ) as never
    } catch {
      return undefined
    }
  }
  await eventually('something is drawn', async () => (await kept())?.engine, { within: 120, every: 15 })
  for (const pid of stage.host.runners()) process.kill(pid, 'SIGKILL')
  const died = await rested(cleo, synthesis.synthesisId)
  expect(died).toMatchObject({ state: 'failed', may: ['confirm'] })
  const drawn = (await kept())!.engine!.entries
  const price = await budgetOf(synthesis.datasetId)
  expect(price.spent).toBeGreaterThan(0)
  expect(price.available + price.spent).toBe(price.limit)
  expect(await cleo.synthesis.quote({ params, body: plan })).toMatchObject({ nanoRho: 0 })
  const made = await make(cleo, synthesis, plan)
  expect(made.state, JSON.stringify([made.problem, made.faults])).toBe('ready')
  expect(made.jobId).not.toBe(jobId)
  expect(await budgetOf(synthesis.datasetId)).toMatchObject({ spent: price.spent })
  expect(made.card!.nanoRho).toBe(price.spent)
  // Its first draws are those of the attempt that died, to the number.
  const resumed = JSON.parse(
    new TextDecoder().decode(await stage.host.deps.objects.get('protected', `jobs/${made.jobId}/kept.json`)),
  ) as { engine: { entries: unknown[] } }
  expect(resumed.engine.entries.slice(0, drawn.length)).toEqual(drawn)
})

it('the command line makes one and fetches it, and says what is wrong with a plan', async () => {
  const root = fileURLToPath(new URL('..', import.meta.url))
  const folder = await mkdtemp(join(tmpdir(), 'cloister-synthesis-cli-'))
  try {
    const { secret } = await cleo.access.createToken({
      body: { name: 'cli', scopes: ['datasets:read', 'datasets:write', 'jobs:read', 'studies:read'] },
    })
    const run = (...args: string[]) =>
      promisify(execFile)(process.execPath, [join(root, 'clients/cli/cloister.mjs'), 'synthesis', ...args], {
        cwd: folder,
        env: {
          PATH: process.env['PATH'],
          HOME: folder,
          CLOISTER_SERVER: stage.host.mainOrigin,
          CLOISTER_TOKEN: secret,
        },
      })
    const example = (name: string): string => join(root, 'examples/synthesis', name)
    const made = JSON.parse(
      (
        await run(
          'make',
          example('adult-2000.csv'),
          '--plan',
          example('plan.json'),
          '--method',
          'independent',
          '--rows',
          '50',
          '--wait',
          '--json',
        )
      ).stdout,
    ) as SynthesisView
    expect(made).toMatchObject({ state: 'ready', card: { rows: 50 } })
    await run('download', made.synthesisId, '-o', 'out.csv')
    expect((await readFile(join(folder, 'out.csv'), 'utf8')).split('\n')).toHaveLength(52)
    await expect(run('confirm', made.synthesisId, '--epsilon', '99')).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringContaining('does not cover this'),
    })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})

describe('a dataset’s synthetic twin', () => {
  let datasetId: string
  let twin: SynthesisView
  it('a dataset whose policy sets a budget aside has twins of each version, made after it is published and shared', async () => {
    datasetId = await register(cleo, stage.organisationId, {
      name: 'twinned',
      title: 'Twinned',
      files: {
        'people.csv': csvOf(300, {
          id: (i) => `real-person-${i}`,
          age: (i) => String(20 + (i % 60)),
          smokes: (i) => String(i % 3 === 0),
          arm: (i) => 'ab'[i % 2]!,
        }),
      },
      schema: {
        images: [],
        tables: [
          {
            name: 'people',
            file: 'people.csv',
            oneRowPerSubject: true,
            columns: [
              { name: 'id', type: 'text', role: 'subject' },
              {
                name: 'age',
                type: 'integer',
                minimum: 18,
                maximum: 100,
                meaning: 'Age',
                unit: 'years',
                nullable: false,
              },
              { name: 'smokes', type: 'boolean', nullable: false },
              { name: 'arm', type: 'category', categories: ['a', 'b'], nullable: false },
            ],
          },
        ],
      },
      policy: { twin: { epsilon: 2 } },
    })
    // Published is said before the twin is confirmed, and what starts its job is the schedule of each minute: a visit
    // before there is a job would do nothing.
    const listed = async () =>
      (await cleo.synthesis.list({ params: { organisationId: stage.organisationId }, query: { datasetId } })).items
    const items = await vi.waitUntil(
      async () => {
        const now = await listed()
        return now[0]?.state === 'running' ? now : undefined
      },
      { timeout: 120_000, interval: 100 },
    )
    await createRecoverJobs(stage.host.deps)()
    expect(items).toMatchObject([{ table: 'people', shared: true, datasetVersion: 1 }])
    twin = await rested(cleo, items[0]!.synthesisId)
    expect(twin.state, JSON.stringify([twin.problem, twin.faults])).toBe('ready')
    expect((await budgetOf(datasetId)).spent).toBe(twin.card!.nanoRho)
    expect(twin.card!.columns).toContainEqual({ name: 'age', kind: 'numeric', meaning: 'Age', unit: 'years' })
    const [head, ...rows] = [...readCsv((await fetched(anil, twin.synthesisId, 'csv')).toString('utf8'))].map(
      (r) => r.cells,
    )
    expect(head).toEqual(['id', 'age', 'smokes', 'arm'])
    expect(new Set(rows.map((r) => r[2]))).toEqual(new Set(['true', 'false']))
    expect(rows.every((r) => Number(r[1]) >= 18 && Number(r[1]) <= 100)).toBe(true)
  })
  /** Prints its table, whole, and says how long it is. */
  const printing = `import os, csv, json
rows = list(csv.reader(open(os.environ['DATA_ROOT'] + '/catalogs/twinned/people.csv')))
for root, _, files in os.walk(os.environ['DATA_ROOT']):
    for f in files: print(root, f, open(os.path.join(root, f)).read())
json.dump({'rows': len(rows) - 1, 'first': rows[1][0]}, open(os.environ['OUTPUT_DIR'] + '/result.json', 'w'))
`
  const trial = (more: Partial<Asked> = {}): Asked => ({
    dataset: datasetId,
    language: 'python',
    code: printing,
    mode: 'review',
    on: 'twin',
    ...more,
  })
  const tried = async (more: Partial<Asked> = {}) =>
    settled(anil, (await anil.jobs.ask({ body: trial(more) })).jobId, 240)
  it('is where code is tried: at once, for nothing, with all that was printed and never a real row', async () => {
    const before = await budgetOf(datasetId)
    expect(await anil.jobs.quote({ body: trial() })).toMatchObject({
      acceptable: true,
      approval: 'not-needed',
      runs: 1,
      rules: [],
      cost: { nanoRho: 0, epsilon: 0 },
    })
    const job = await tried()
    expect(job, JSON.stringify(job.problem)).toMatchObject({ state: 'succeeded', on: 'twin', hasResult: true })
    expect(job).not.toHaveProperty('mode')
    const params = { jobId: job.jobId }
    const result = await anil.jobs.result({ params })
    const log = await anil.jobs.log({ params })
    expect(JSON.stringify([job, result, log])).not.toContain('real-person')
    expect(result.card).toMatchObject({
      mode: 'twin',
      cost: { nanoRho: 0 },
      subjects: 'nobody: the rows are synthetic',
    })
    expect(result.card.guarantee).toContain(`${twin.synthesisId} at epsilon 2`)
    expect(result.card.guarantee).toContain('must not be taken for an answer about the data')
    expect(result.outputs.find((o) => o.name === 'rows')?.rows).toEqual([[{ value: twin.card!.rows }]])
    expect(log.runs).toHaveLength(1)
    expect(log.runs[0]!.stdout).toContain('id,age,smokes,arm')
    expect(await budgetOf(datasetId)).toMatchObject({ spent: before.spent, available: before.available })
  })
  it('shows the whole text of an error, once', async () => {
    const job = await tried({ code: 'x = 1\nraise ValueError(f"what went wrong: {x}")' })
    expect(job).toMatchObject({ state: 'failed', problem: { code: 'script-error', errorClass: 'ValueError', line: 2 } })
    const { runs } = await anil.jobs.log({ params: { jobId: job.jobId } })
    expect(runs).toHaveLength(1)
    expect(runs[0]!.stderr).toContain('what went wrong: 1')
  })
  it('is for scripts, for whom it is shared with', async () => {
    expect(
      await refusedWith(anil.jobs.ask({ body: trial({ language: 'sql', code: 'select count(*) from people' }) })),
    ).toMatchObject({ kind: 'invalid-request', problem: { errors: [{ path: '/body/language' }] } })
    const { rev } = await cleo.synthesis.get({ params: { synthesisId: twin.synthesisId } })
    await cleo.synthesis.share({ params: { synthesisId: twin.synthesisId }, body: { rev, shared: false } })
    expect(await refusedWith(anil.jobs.ask({ body: trial() }))).toMatchObject({
      kind: 'invalid-request',
      problem: { errors: [{ path: '/body/on', message: 'No twin' }] },
    })
    expect((await anil.jobs.quote({ body: trial() })).acceptable).toBe(false)
    expect((await cleo.jobs.quote({ body: trial() })).advice.map((a) => a.message)).toContainEqual(
      expect.stringContaining(twin.synthesisId),
    )
    expect(await refusedWith(sam.jobs.quote({ body: trial() }))).toMatchObject({ kind: 'not-found' })
  })
})
