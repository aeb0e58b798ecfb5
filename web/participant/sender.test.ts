/** How the sending of a closed run comes to its end, whatever a device has lost. */
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { importRunKey } from '../../domain/runs/sealing.ts'
import { inMemory } from './device.ts'
import { Queue } from './queue.ts'
import { sealOwn, type StartedRun } from './run-sealing.ts'
import { Sender } from './sender.ts'

const runId = 'run_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'
const key = await importRunKey(new Uint8Array(32).fill(7))
const own = await sealOwn(key, runId, 'own', {})
const fresh = (): StartedRun => ({
  nonce: 'nonce',
  code: 'code',
  kid: 'kid',
  wrappedKey: 'wrapped',
  key,
  state: 'running',
  created: '',
  preview: false,
  repeats: false,
  study: { title: '', organisation: '', language: 'en' },
  made: 0,
  position: 0,
  acked: [],
  frozen: [],
  bytes: 0,
  runId,
  token: 'token',
  condition: '',
  seed: 1,
  contentHash: '',
  own,
})

/** What the server answers to a count, and to records that are sent. */
let server: { count: () => object; append: () => { status: number; body: object } }
let asked: string[]
beforeAll(() => {
  const nothing = (): void => {}
  vi.stubGlobal('addEventListener', nothing)
  vi.stubGlobal('removeEventListener', nothing)
  vi.stubGlobal('document', { visibilityState: 'visible', addEventListener: nothing, removeEventListener: nothing })
  vi.stubGlobal('fetch', async (_url: string, { method = 'GET' }: RequestInit) => {
    asked.push(method)
    await new Promise((resolve) => {
      setTimeout(resolve, 1)
    })
    const { status, body } = method === 'GET' ? { status: 200, body: server.count() } : server.append()
    return new Response(JSON.stringify(body), { status })
  })
})
afterAll(() => vi.unstubAllGlobals())
beforeEach(() => {
  asked = []
})

const everything = { through: 3, ranges: [] }
const refused = { status: 409, body: { kind: 'run-finished', title: '', detail: '' } }

/** A run of two records and an end, all of which the server has under these numbers. */
async function closed(): Promise<{ queue: Queue; device: ReturnType<typeof inMemory> }> {
  const device = inMemory()
  const queue = await Queue.open(device, fresh())
  await queue.record('append', 'main', { n: 0 })
  await queue.record('append', 'main', { n: 1 })
  await queue.end()
  return { queue, device }
}
/** Sends for so long, and says what came of it. */
async function sent(queue: Queue, milliseconds: number): Promise<unknown> {
  const sender = new Sender(queue)
  queue.onChange = () => sender.nudge()
  const running = sender.run()
  const waited = new Promise((resolve) => {
    setTimeout(() => resolve('still sending'), milliseconds)
  })
  const outcome = await Promise.race([sender.over, waited])
  sender.stop()
  await running
  return outcome
}

describe('a sender', () => {
  it('ends when the server has another end than this device, and nothing is left to send', async () => {
    server = { count: () => ({ state: 'incomplete', acked: everything, missing: 0 }), append: () => refused }
    const { queue } = await closed()
    expect(await sent(queue, 1000)).toEqual({ state: 'completed' })
    expect(asked.length).toBeLessThan(5)
  })

  it('ends when this device has no end any more, and nothing is left to send', async () => {
    server = { count: () => ({ state: 'incomplete', acked: everything, missing: 0 }), append: () => refused }
    const { queue, device } = await closed()
    await device.forget('nonce')
    expect(await sent(queue, 1000)).toEqual({ state: 'completed' })
    expect(asked).not.toContain('POST')
  })

  it('waits before it asks again when the end is refused for a reason that may pass', async () => {
    server = { count: () => ({ state: 'live', acked: everything }), append: () => refused }
    const { queue } = await closed()
    expect(await sent(queue, 400)).toBe('still sending')
    expect(asked.length).toBeLessThan(10)
  })
})
