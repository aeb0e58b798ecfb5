import { beforeEach, expect, test } from 'vitest'
import { harness, type Harness } from '../kernel/testing.ts'

let platform: Harness
beforeEach(async () => {
  platform = await harness()
})
const ask = (): Promise<{ status: number; body: unknown }> => platform.answer('access', 'health', {})

test('ready, to anybody, without a word on versions or figures', async () => {
  expect(await ask()).toMatchObject({ status: 200, body: { state: 'ready' } })
  expect(Object.keys((await ask()).body as object)).toEqual(['state'])
})

test('what does not answer is named', async () => {
  platform.deps.objects.head = async () => {
    throw new Error('gone')
  }
  platform.deps.settings.diskHasRoom = async () => false
  expect(await ask()).toMatchObject({ status: 503, body: { kind: 'not-ready', detail: 'Not ready: objects, disk.' } })
})

test('a store that reads and does not write cannot grow the audit chain', async () => {
  platform.deps.table.update = async () => {
    throw new Error('read only')
  }
  expect(await ask()).toMatchObject({ status: 503, body: { detail: 'Not ready: chain.' } })
})

test('a part that never answers is not waited for', async () => {
  platform.deps.keys.mac = () => new Promise(() => {})
  platform.deps.pause = async () => {}
  expect(((await ask()).body as { detail: string }).detail).toContain('keys')
})

test('the answer is remembered for five seconds, whatever the clock does', async () => {
  const { get } = platform.deps.table
  let looks = 0
  platform.deps.table.get = async (...asked) => {
    looks++
    return get(...asked)
  }
  for (const [seconds, expected] of [
    [0, 1],
    [4.9, 1],
    [0.1, 2],
    [-60, 3],
  ] as const) {
    platform.clock.advance(seconds)
    await ask()
    expect(looks, `after ${seconds} s more`).toBe(expected)
  }
})
