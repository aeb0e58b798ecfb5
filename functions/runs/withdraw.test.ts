/** Withdrawals: by both codes of the receipt and nothing less, and no link outlives one. */
import { createHash } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { serveObject } from '../../adapters/local/serve-object.ts'
import { bounds } from '../../domain/bounds.ts'
import { sealedLinkSeconds } from '../../domain/runs/life.ts'
import {
  begin,
  endRecord,
  fakeRecord,
  nonceOf,
  type Planted,
  plantLink,
  plantStudy,
} from '../../test/ingest-support.ts'
import { keyOf, type LinkItem, type RunItem } from '../kernel/items.ts'
import { type Harness, harness } from '../kernel/testing.ts'
import { takesObjects } from './sealed-objects.ts'

let on: Harness
let planted: Planted
let code: string
let serial = 0
let run: Awaited<ReturnType<typeof begin>>
beforeAll(async () => {
  on = await harness()
  planted = await plantStudy(on)
})
afterAll(() => on.close())
beforeEach(async () => {
  code = await plantLink(on, planted)
  run = await begin(on, planted, code, nonceOf(`withdraw-${serial++}`))
})
const withdraw = () =>
  on.call('runs', 'withdrawRun', { as: on.person('ada'), params: { runId: run.runId }, body: { reason: 'By mail' } })
const ask = (body: { sha256: string; size: number }) =>
  on.answer('runs', 'uploads', { params: { runId: run.runId }, authorization: run.authorization, body })

describe('a withdrawal', () => {
  it('needs both codes, in whatever form they are typed, and answers the first instant again', async () => {
    const { finish } = (await run.send(1, [await endRecord(run.runId, [])])).body as {
      finish: { runCode: string; withdrawalCode: string }
    }
    const other = await begin(on, planted, code, nonceOf('other'))
    const wrong = { ...finish, runCode: other.runId }
    expect(await on.refused('runs', 'withdraw', { body: wrong })).toMatchObject({ kind: 'not-found' })
    const typed = {
      runCode: ` ${finish.runCode.toUpperCase()} `,
      withdrawalCode: finish.withdrawalCode.replaceAll('-', ' ').toUpperCase(),
    }
    const first = await on.call('runs', 'withdraw', { body: typed })
    on.clock.advance(60)
    expect(await on.call('runs', 'withdraw', { body: finish })).toEqual(first)
  })
  it('takes nothing more, and says so to its page', async () => {
    await withdraw()
    expect((await run.send(1, [fakeRecord(run.runId, 1)])).body).toMatchObject({ kind: 'run-withdrawn' })
    expect((await ask({ sha256: 'b'.repeat(64), size: 3 })).body).toMatchObject({ kind: 'run-withdrawn' })
  })
})

describe('a link for an object', () => {
  const bytes = Buffer.from('sealed')
  const what = { sha256: createHash('sha256').update(bytes).digest('hex'), size: bytes.length }
  interface Link {
    url: string
    headers: Record<string, string>
    expires: string
  }
  const link = async (): Promise<Link> => ((await ask(what)).body as { upload: Link }).upload
  const put = async ({ url, headers }: Link, whileSending: () => Promise<unknown> = async () => {}) => {
    const { pathname, search } = new URL(url)
    async function* body(): AsyncGenerator<Uint8Array> {
      yield bytes
      await whileSending()
    }
    const request = { method: 'PUT', url: `${pathname}${search}`, headers, [Symbol.asyncIterator]: body }
    return (await serveObject(on.objects, request, (_, key) => takesObjects(on.deps, key))).status
  }
  const stored = async (): Promise<number> => {
    let count = 0
    for await (const _ of on.objects.list('sealed', `runs/${run.runId}/`)) count++
    return count
  }
  it('lives a quarter of an hour', async () => {
    const lives = Date.parse((await link()).expires) - Date.now()
    expect(Math.abs(lives - sealedLinkSeconds * 1000)).toBeLessThan(5000)
  })
  it('works while the run is alive, and dies with the withdrawal', async () => {
    const given = await link()
    expect([await put(given), await stored()]).toEqual([200, 1])
    await withdraw()
    expect([await put(given), await stored()]).toEqual([410, 0])
  })
  it('leaves nothing when the run is withdrawn while the bytes arrive', async () => {
    expect([await put(await link(), withdraw), await stored()]).toEqual([410, 0])
  })
  it('is given for so many objects of a run, and of a link, each counted once', async () => {
    const sha256 = (n: number): string => n.toString(16).padStart(64, '0')
    await Promise.all([1, 1, 2].map((n) => ask({ sha256: sha256(n), size: 10 })))
    const held = async () => (await on.deps.table.get<LinkItem>(keyOf.link(code)))!
    expect(await held()).toMatchObject({ objects: 2, objectBytes: 20 })
    const asked = Array.from({ length: bounds.run.objects }, (_, n) => sha256(n))
    await on.deps.table.update(keyOf.runObjects(run.runId), { set: { asked } })
    expect((await ask({ sha256: sha256(7), size: 10 })).status).toBe(200)
    expect((await ask({ sha256: sha256(9999), size: 10 })).body).toMatchObject({ kind: 'bound-reached' })
    await on.deps.table.update(keyOf.link(code), { set: { objects: bounds.link.objects } })
    run = await begin(on, planted, code, nonceOf('another-of-the-link'))
    expect((await ask({ sha256: sha256(1), size: 10 })).body).toMatchObject({ kind: 'bound-reached' })
    expect((await on.deps.table.get<RunItem>(keyOf.run(run.runId)))!.state).toBe('live')
  })
})
