/** Synthetic data over HTTP, with a real host and its runners: from an upload to files, odd tables, a runner that dies, and who may see what. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Client } from '../clients/api.ts'
import { readCsv } from '../domain/datasets/csv.ts'
import { keyOf, type BudgetItem, type ChargeItem } from '../functions/kernel/items.ts'
import { openDuck } from '../runner/engine/duckdb.ts'
import { openStage, refusedWith, type Stage } from './jobs-support.ts'
import { adultCsv, adultPlan, evaluate, make, rested, type SynthesisView, upload } from './synthesis-support.ts'

let stage: Stage, cleo: Client, anil: Client, sam: Client
beforeAll(async () => {
  stage = await openStage()
  ;[cleo, anil, sam] = await Promise.all([stage.as('cleo@demo.cloister'), stage.as('anil@demo.cloister'), stage.as('sam@stranger.cloister')])
})
afterAll(() => stage?.close())

const budgetOf = async (datasetId: string): Promise<BudgetItem> => (await stage.host.deps.table.get<BudgetItem>(keyOf.budget(datasetId)))!
const fetched = async (client: Client, synthesisId: string, format: 'csv' | 'parquet' | 'dictionary' | 'croissant' | 'card'): Promise<Buffer> => {
  const { url } = await client.synthesis.download({ params: { synthesisId }, query: { format } })
  return Buffer.from(await (await fetch(url)).arrayBuffer())
}

describe('the Adult table', () => {
  let s: SynthesisView
  const plan = adultPlan
  it('is read, and a plan is proposed that takes nothing from its values', async () => {
    s = await upload(cleo, stage.organisationId, 'adult.csv', await adultCsv())
    expect(s.state, JSON.stringify(s)).toBe('proposed')
    expect(s.plan!.columns).toHaveLength(14)
    for (const c of s.plan!.columns) expect(c).toMatchObject({ kind: 'numeric', buy: true, missing: true })
    expect(JSON.stringify(s.plan)).not.toMatch(/minimum|categories/)
    expect(s.hints!['age']).toContain('distinct')
  })
  it('has a price before anything is charged', async () => {
    const q = await cleo.synthesis.quote({ params: { synthesisId: s.synthesisId }, body: await plan() })
    expect(q).toMatchObject({ feasible: true, faults: [], bought: [] })
    expect(q.nanoRho).toBeGreaterThan(0)
    const bought = await cleo.synthesis.quote({ params: { synthesisId: s.synthesisId }, body: s.plan! })
    expect(bought.bought).toHaveLength(14)
    expect(bought.nanoRho).toBe(q.nanoRho)
    expect((await budgetOf(s.datasetId)).spent).toBe(0)
  })
  it('is made in rounds, with a card whose draws are the charge to the nano-rho', async () => {
    s = await make(cleo, s, await plan())
    expect(s.state, JSON.stringify(s)).toBe('ready')
    expect(s.rounds.length).toBeGreaterThan(0)
    expect(s.rounds.at(-1)!.spent).toBeLessThanOrEqual(1)
    const { card } = s, budget = await budgetOf(s.datasetId)
    expect(card!.drawn.reduce((n, d) => n + d.nanoRho, 0)).toBe(card!.nanoRho)
    expect(budget.spent).toBe(card!.nanoRho)
    expect(budget.available + budget.spent).toBe(budget.limit)
    expect(card!.planHash).toBe(s.planHash)
    // The same plan once more is the same job.
    const again = await cleo.synthesis.confirm({ params: { synthesisId: s.synthesisId }, body: { rev: s.rev, plan: await plan() } })
    expect(again.jobId).toBe(s.jobId)
    expect((await budgetOf(s.datasetId)).spent).toBe(budget.spent)
  })
  it('comes with files that have its columns and its domain', async () => {
    const [csv, parquet, dictionary, croissant, card] = await Promise.all((['csv', 'parquet', 'dictionary', 'croissant', 'card'] as const).map((f) => fetched(cleo, s.synthesisId, f)))
    const rows = [...readCsv(csv!.toString('utf8'))].map((r) => r.cells), { columns } = await plan()
    expect(rows[0]).toEqual(columns.map((c) => c.name))
    expect(rows.length - 1).toBe(s.card!.rows)
    expect(Math.abs(rows.length - 1 - 2000)).toBeLessThan(200)
    for (const [i, c] of columns.entries()) for (const r of rows.slice(1)) {
      if (c.kind === 'categorical') expect(c.categories).toContain(r[i])
      else if (c.kind === 'numeric') { expect(Number(r[i])).toBeGreaterThanOrEqual(c.minimum!); expect(Number(r[i])).toBeLessThanOrEqual(c.maximum!) }
    }
    expect(parquet!.subarray(0, 4).toString()).toBe('PAR1')
    expect(dictionary!.toString().split('\n')[0]).toContain('where values or range come from')
    expect(dictionary!.toString().trimEnd().split('\n')).toHaveLength(15)
    const { recordSet, distribution } = JSON.parse(croissant!.toString()) as { recordSet: { field: object[] }[]; distribution: { sha256: string }[] }
    expect(recordSet[0]!.field).toHaveLength(14)
    expect(distribution[0]!.sha256).toBe(s.card!.fileHash)
    expect(JSON.parse(card!.toString())).toMatchObject({ epsilon: 1, nanoRho: s.card!.nanoRho })
  })
  it('is compared: for the custodian alone, or paid for and shown', async () => {
    const before = await budgetOf(s.datasetId)
    s = await evaluate(cleo, s.synthesisId, { kind: 'agreement' })
    s = await evaluate(cleo, s.synthesisId, { kind: 'model', target: 'income>50K' })
    expect((await budgetOf(s.datasetId)).spent).toBe(before.spent)
    s = await evaluate(cleo, s.synthesisId, { kind: 'agreement', charge: 0.5 })
    expect((await budgetOf(s.datasetId)).spent).toBeGreaterThan(before.spent)
    const agreement = s.evaluations.find((e) => !e.charged && e.kind === 'agreement')!, model = s.evaluations.find((e) => e.model)!.model!, paid = s.evaluations.find((e) => e.charged)!
    expect(agreement.tvd1).toHaveLength(14)
    expect(agreement.tvd2).toHaveLength(91)
    expect(model.aucReal).toBeGreaterThan(0.7)
    expect(paid.noise).toBeGreaterThan(0)
    const mean = agreement.tvd1!.reduce((n, c) => n + c.tvd, 0) / 14
    expect(mean).toBeLessThan(0.2)
    expect(Math.abs(paid.tvd1![0]!.tvd - mean)).toBeLessThan(0.1 + 6 * paid.noise!)
    expect(await refusedWith(cleo.synthesis.evaluate({ params: { synthesisId: s.synthesisId }, body: { kind: 'model', target: 'no such column' } }))).toMatchObject({ kind: 'invalid-plan' })
  })
  it('is nobody’s but its custodians’ until it is shared, and then without what is theirs alone', async () => {
    const params = { synthesisId: s.synthesisId }
    for (const stranger of [anil, sam]) expect(await refusedWith(stranger.synthesis.get({ params }))).toMatchObject({ kind: 'not-found' })
    const list = (c: Client) => c.synthesis.list({ params: { organisationId: stage.organisationId } })
    expect((await list(anil)).items).toEqual([])
    s = await cleo.synthesis.share({ params, body: { rev: s.rev, shared: true, title: 'Adult, synthetic' } })
    const seen = await anil.synthesis.get({ params })
    expect(seen.card).toEqual(s.card)
    expect(seen.evaluations.map((e) => e.charged)).toEqual([true])
    expect(seen).not.toHaveProperty('hints')
    expect(seen.may).toEqual(['download'])
    expect((await fetched(anil, s.synthesisId, 'csv')).length).toBeGreaterThan(1000)
    expect((await list(anil)).items).toHaveLength(1)
    expect(await refusedWith(sam.synthesis.get({ params }))).toMatchObject({ kind: 'not-found' })
    expect(await refusedWith(anil.synthesis.confirm({ params, body: { rev: s.rev, plan: await plan() } }))).toMatchObject({ kind: 'forbidden' })
  })
  it('has another version that costs again, and goes when it expires', async () => {
    const { table, objects } = stage.host.deps
    expect(await refusedWith(make(cleo, s, await plan({ epsilon: 0.5 })))).toMatchObject({ kind: 'wrong-state' })
    const again = await cleo.synthesis.begin({ body: { from: s.synthesisId, title: 'Independent' } })
    expect(again).toMatchObject({ state: 'proposed', datasetId: s.datasetId })
    const before = (await budgetOf(s.datasetId)).spent
    const second = await make(cleo, again, await plan({ method: 'independent', epsilon: 0.5, rows: 500 }))
    expect(second.card).toMatchObject({ rows: 500, epsilon: 0.5 })
    expect((await budgetOf(s.datasetId)).spent - before).toBe(second.card!.nanoRho)
    // A day after its last.
    const past = '2020-01-01T00:00:00.000Z'
    await table.update(keyOf.synthesis(again.synthesisId), { set: { expires: past } })
    await table.update(keyOf.synthesisDue(again.synthesisId), { set: { gsk: `${past}#${again.synthesisId}` } })
    const { sweepExpired } = await import('../functions/synthesis/expiry.ts')
    expect(await sweepExpired(stage.host.deps)).toBe(1)
    expect((await cleo.synthesis.get({ params: { synthesisId: again.synthesisId } }))).toMatchObject({ state: 'expired', may: [] })
    expect(await refusedWith(cleo.synthesis.download({ params: { synthesisId: again.synthesisId }, query: {} }))).toMatchObject({ kind: 'result-not-released' })
    const left: string[] = []
    for await (const key of objects.list('released', `synthesis/${again.synthesisId}/`)) left.push(key.split('/').at(-1)!)
    expect(left.toSorted()).toEqual(['card.json', 'made.json'])
  })
})
