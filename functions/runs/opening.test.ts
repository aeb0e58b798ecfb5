/** Opening against a withdrawal: of a run that was withdrawn at any moment before the answer, nothing is handed out. */
import type { Context } from 'aws-lambda'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { areas } from '../../contracts/index.ts'
import { base64url } from '../../domain/hash.ts'
import type { Keys } from '../../ports/keys.ts'
import type { Table } from '../../ports/table.ts'
import {
  begin,
  endRecord,
  fakeRecord,
  nonceOf,
  type Planted,
  plantLink,
  plantStudy,
} from '../../test/ingest-support.ts'
import { keyOf, type RunItem } from '../kernel/items.ts'
import { eventOf, type Harness, harness } from '../kernel/testing.ts'
import { createOpening } from './opening.ts'
import { eventsIn } from '../kernel/testing/chain.ts'

let on: Harness
let planted: Planted
let code: string
beforeAll(async () => {
  on = await harness()
  planted = await plantStudy(on)
  code = await plantLink(on, planted)
})
afterAll(() => on.close())

/** Called once, after the first event that opening writes and before it reads its runs again. */
let whileWriting = async (): Promise<void> => {}
const unwrapped: string[] = []
beforeEach(() => {
  whileWriting = async () => {}
  unwrapped.length = 0
})

interface Opened {
  status: number
  body: { kind?: string; runs?: { runId: string; key: string }[] }
}
/** Opens runs of the planted study, with `whileWriting` in between. */
async function open(...runIds: string[]): Promise<Opened> {
  const { table, keys } = on.deps
  const watchedTable: Table = Object.assign(Object.create(table) as Table, {
    create: async (item: never) => {
      const created = await table.create(item)
      const once = whileWriting
      whileWriting = async () => {}
      await once()
      return created
    },
  })
  const watchedKeys: Keys = Object.assign(Object.create(keys) as Keys, {
    unwrap: (kid: string, wrapped: Uint8Array) => {
      unwrapped.push(kid)
      return keys.unwrap(kid, wrapped)
    },
  })
  const handler = createOpening({ ...on.deps, table: watchedTable, keys: watchedKeys, memory: new Map() })
  const route = areas.runs.routes.open
  const params = { studyId: planted.studyId }
  const event = eventOf(route, { as: on.person('ada'), params, body: { purpose: 'for the analysis', runIds } } as never)
  const { statusCode, body } = await handler(event, {} as Context)
  return { status: statusCode!, body: JSON.parse(body!) as Opened['body'] }
}

let serial = 0
/** A run with a key that the server can unwrap. */
async function started(): Promise<{ runId: string; key: string }> {
  const key = crypto.getRandomValues(new Uint8Array(32))
  const { jwk } = await on.deps.keys.publicKey(planted.kid)
  const rsa = await crypto.subtle.importKey('jwk', jwk, { name: 'RSA-OAEP', hash: 'SHA-256' }, false, ['encrypt'])
  const wrappedKey = base64url(new Uint8Array(await crypto.subtle.encrypt({ name: 'RSA-OAEP' }, rsa, key)))
  const { runId } = await on.call('runs', 'start', {
    params: { code },
    body: { nonce: nonceOf(`opening-${serial++}`), kid: planted.kid, wrappedKey },
  })
  return { runId, key: base64url(key) }
}
const withdraw = (runId: string): Promise<unknown> =>
  on.call('runs', 'withdrawRun', { as: on.person('ada'), params: { runId }, body: { reason: 'asked by mail' } })
/** Objects of the newest events, newest first. */
const events = async (): Promise<string[]> => {
  const all = await eventsIn(on.deps.table, planted.organisationId)
  return all.reverse().map(({ act, object }) => `${act} ${object}`)
}

describe('keys', () => {
  it('are handed out once for each run, after one event for each', async () => {
    const [one, other] = [await started(), await started()]
    const before = (await events()).length
    const { status, body } = await open(one.runId, other.runId, one.runId)
    expect(status).toBe(200)
    expect(body.runs!.map(({ runId, key }) => ({ runId, key }))).toEqual([one, other])
    expect((await events()).slice(0, 2)).toEqual([`run.opened run ${other.runId}`, `run.opened run ${one.runId}`])
    expect(await events()).toHaveLength(before + 2)
  })
  it('of a run that is withdrawn after it was read are not handed out, nor those of the others', async () => {
    const [stays, goes] = [await started(), await started()]
    whileWriting = async () => {
      await withdraw(goes.runId)
    }
    const { status, body } = await open(stays.runId, goes.runId)
    expect([status, body.kind, body.runs]).toEqual([410, 'run-withdrawn', undefined])
    expect(unwrapped).toEqual([])
    // What was written before stands: somebody tried.
    expect(await events()).toContain(`run.opened run ${goes.runId}`)
    expect((await open(stays.runId)).body.runs).toHaveLength(1)
  })
  it.each(['withdrawn', 'aborted'] as const)(
    'of a run that is %s are not handed out, and nothing is written',
    async (state) => {
      const { runId } = await started()
      // With the key still there: the state alone decides.
      await on.deps.table.update<RunItem>(keyOf.run(runId), { set: { state } })
      const before = await events()
      expect((await open(runId)).body.kind).toBe('run-withdrawn')
      expect(await events()).toEqual(before)
      expect(unwrapped).toEqual([])
    },
  )
  it('of a run without a key are refused, whatever its state', async () => {
    const { runId } = await started()
    await on.deps.table.update<RunItem>(keyOf.run(runId), { remove: ['wrappedKey'] })
    expect((await open(runId)).body.kind).toBe('run-withdrawn')
  })
  it('are handed out of no run that is unknown, only begun, or of another study', async () => {
    const begun = await started()
    await on.deps.table.update<RunItem>(keyOf.run(begun.runId), { set: { pending: true } })
    const elsewhere = await started()
    await on.deps.table.update<RunItem>(keyOf.run(elsewhere.runId), { set: { studyId: 'std_elsewhere' } })
    const unknown = begun.runId.replace(/.{8}$/, (end) => (end === 'aaaaaaaa' ? 'bbbbbbbb' : 'aaaaaaaa'))
    for (const runId of [begun.runId, elsewhere.runId, unknown])
      expect((await open(runId)).body.kind, runId).toBe('not-found')
    expect(unwrapped).toEqual([])
  })
})

describe('sealed records', () => {
  const sealed = (runId: string, from = 1) =>
    on.answer('runs', 'sealed', { as: on.person('ada'), params: { runId }, query: { from } })
  const numbers = ({ body }: { body: unknown }): number[] =>
    (body as { records: { seq: number }[] }).records.map(({ seq }) => seq)

  it('are not given on after a withdrawal between two pages', async () => {
    const run = await begin(on, planted, code, nonceOf('pages'))
    await run.send(1, [fakeRecord(run.runId, 1)])
    await run.send(2, [fakeRecord(run.runId, 2)])
    expect(numbers(await sealed(run.runId))).toEqual([1, 2])
    expect(numbers(await sealed(run.runId, 2))).toEqual([2])
    // The state alone closes it, also while its records are still being destroyed.
    await on.deps.table.update<RunItem>(keyOf.run(run.runId), { set: { state: 'withdrawn' } })
    expect(await sealed(run.runId, 2)).toMatchObject({ status: 410, body: { kind: 'run-withdrawn' } })
  })
  it('of a run that is only begun are not found', async () => {
    const run = await begin(on, planted, code, nonceOf('pending'))
    await on.deps.table.update<RunItem>(keyOf.run(run.runId), { set: { pending: true } })
    expect(await sealed(run.runId)).toMatchObject({ status: 404 })
  })
  it('of a finished run end with its end, of another one with what has arrived', async () => {
    const run = await begin(on, planted, code, nonceOf('beyond'))
    const first = fakeRecord(run.runId, 1)
    const beyond = fakeRecord(run.runId, 3)
    await run.send(1, [first])
    await run.send(2, [await endRecord(run.runId, [first])])
    expect(await on.deps.table.get<RunItem>(keyOf.run(run.runId))).toMatchObject({ state: 'completed', endSeq: 2 })
    // As if it had been on its way while the run was finished.
    await on.deps.table.create({ ...keyOf.chunk(run.runId, 3), first: 3, last: 3, order: 1e18, records: [beyond] })
    expect(numbers(await sealed(run.runId))).toEqual([1, 2])
    await on.deps.table.update<RunItem>(keyOf.run(run.runId), { set: { state: 'incomplete' } })
    expect(numbers(await sealed(run.runId))).toEqual([1, 2, 3])
  })
  it('come in pages of about four megabytes of ciphertext, without a hole', async () => {
    const run = await begin(on, planted, code, nonceOf('large'))
    const text = 'x'.repeat(90_000)
    for (let seq = 1; seq <= 36; seq++) {
      const { status } = await run.send(seq, [fakeRecord(run.runId, seq, text)])
      expect(status).toBe(200)
    }
    const page = await sealed(run.runId)
    const { next } = page.body as { next?: number }
    expect(numbers(page)).toEqual(Array.from({ length: next! - 1 }, (_, index) => index + 1))
    const bytes = (page.body as { records: { jwe: string }[] }).records.reduce((sum, { jwe }) => sum + jwe.length, 0)
    expect(bytes).toBeGreaterThan(4_000_000)
    expect(bytes).toBeLessThan(4_500_000)
    const rest = await sealed(run.runId, next)
    expect(numbers(rest)).toEqual(Array.from({ length: 36 - next! + 1 }, (_, index) => next! + index))
    expect(rest.body).not.toHaveProperty('next')
  })
})
