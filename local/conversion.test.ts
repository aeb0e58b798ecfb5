/** A home of an older version: taken over whole, whenever it is killed meanwhile, and then refused by that version. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import dynalite from 'dynalite'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { makeDynamoTable } from '../adapters/local/dynalite/testing.ts'
import { storeAt } from '../adapters/local/dynalite/dynamo-http.ts'
import { openTable } from '../adapters/local/table-folder.ts'
import { itemOf } from '../adapters/local/table-row.ts'
import { allEntities } from '../contracts/index.ts'
import { endedDays } from '../functions/kernel/ends.ts'
import { keyOf } from '../functions/kernel/items.ts'
import type { Item } from '../ports/table.ts'
import { copyName } from './conversion.ts'
import { openStore, storeFolder } from './store.ts'

vi.setConfig({ testTimeout: 120_000 })

interface LevelDatabase {
  open(): Promise<void>
  close(): Promise<void>
}
const { Level } = createRequire(createRequire(import.meta.url).resolve('dynalite'))('level') as {
  Level: new (path: string) => LevelDatabase
}

let home: string
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'cloister-old-'))
})
afterEach(async () => {
  await rm(home, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 })
})

const items: Item[] = Array.from({ length: 120 }, (_, number) => ({
  pk: `RUN#${number % 9}`,
  sk: `C#${String(number).padStart(10, '0')}`,
  ...(number % 3 === 0 ? { gpk: 'STUDY#1', gsk: `RUN#${number}` } : {}),
  text: 'ü🧠'.repeat(number * 4),
  nested: JSON.parse('{"__proto__":{"n":[1,null,0.5,true]}}') as unknown,
  rev: number,
}))
const expires = '2026-03-02T09:00:00.000Z'
/** Of kinds that end, which version 0.1.0 did not say. */
const ending: Item[] = [
  { ...keyOf.token('T'), tokenId: 'T', expires },
  { ...keyOf.invitation('I'), invitationId: 'I', expires },
  { ...keyOf.device('D'), userCode: 'D', expires },
  { ...keyOf.loginFailures('U'), at: expires, count: 1 },
]
items.push(...ending)
const days = (count: number): number => Date.parse(expires) / 1000 + count * 86_400
/** Each as it was, and those that end with the day on which they would be gone had this version made them. */
const converted = items.map((item) => {
  const [kind] = item.pk.split('#')
  const goneAt = { TOKEN: days(7), INVITE: days(7), DEVICE: days(1), USER: days(1) }[kind!]
  return goneAt === undefined ? item : { ...item, goneAt }
})

/** Makes the table as version 0.1.0 did. */
async function makeOldTable(): Promise<void> {
  const server = dynalite({ path: join(home, 'table'), createTableMs: 0 })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  await makeDynamoTable(endpoint, 'cloister')
  const send = storeAt(endpoint)
  await Promise.all(items.map((Item) => send('PutItem', { TableName: 'cloister', Item })))
  const closed = new Promise((resolve) => {
    server.close(resolve)
  })
  server.closeAllConnections()
  await closed
}

/** What 0.1.0 did first, and what it said when that failed. */
async function openAsBefore(tries = 1): Promise<string> {
  const level = new Level(join(home, 'table'))
  try {
    await level.open()
    await level.close()
    return 'opened'
  } catch (e) {
    const { code } = (e as { cause: { code: string } }).cause
    if (code === 'LEVEL_LOCKED' && tries < 100) {
      // The process that read the old table ends when its parent has.
      await new Promise((resolve) => {
        setTimeout(resolve, 50)
      })
      return openAsBefore(tries + 1)
    }
    return `The data in ${join(home, 'table')} cannot be opened: ${(e as { cause: Error }).cause.message}`
  }
}
const refusal = /cannot be opened: .*none-because-a-newer-version-of-Cloister-keeps-this-home-in-the-folder-store/

function itemsInStore(): Item[] {
  const { table, head } = openTable(storeFolder(home))
  const found = [...table.all()].map(itemOf)
  table.close()
  head.close()
  return found
}
const sorted = (all: readonly Item[]): string[] =>
  all
    .map((item) => JSON.stringify(Object.entries(item).toSorted(([one], [other]) => (one < other ? -1 : 1))))
    .toSorted()

/** Opens the store in a process of its own, and kills it after a while. Answers whether it had come to its end. */
async function openedUntil(milliseconds: number): Promise<boolean> {
  const program = fileURLToPath(new URL('./testing/open-store.ts', import.meta.url))
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', program, home], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = once(child, 'exit')
  let opened = false
  child.stdout.on('data', (text: Buffer) => {
    opened ||= text.includes('open')
  })
  // From its first word on: how long it takes to start is the machine's affair.
  await once(child.stdout, 'data')
  const timer = setTimeout(() => child.kill('SIGKILL'), milliseconds)
  await ended
  clearTimeout(timer)
  return opened
}

it('has every item of the old table, keeps that, and is no home for the old version any more', async () => {
  await makeOldTable()
  const said: string[] = []
  const table = await openStore(home, { say: (text) => said.push(text), failed: () => {} })
  await table.close()
  expect(sorted(itemsInStore())).toEqual(sorted(converted))
  expect(said.join('\n')).toContain(
    `${items.length} items were taken over and compared. The old table is kept in ${join(home, copyName)}`,
  )
  expect(await openAsBefore()).toMatch(refusal)
  expect((await readdir(join(home, copyName))).some((name) => name.startsWith('MANIFEST'))).toBe(true)
  // Not a second time.
  const again = await openStore(home, { say: (text) => said.push(text), failed: () => {} })
  await again.close()
  expect(said).toHaveLength(2)
})

it('may be killed at any moment', async () => {
  await makeOldTable()
  let kills = 0
  for (let milliseconds = 0; !(await openedUntil(milliseconds)); milliseconds = milliseconds * 1.5 + 40) {
    kills++
    // Either version may be started next; the old one finds all of its own, or refuses.
    const before = await openAsBefore()
    expect(refusal.test(before) ? 'refused' : before).toMatch(/^(opened|refused)$/)
  }
  expect(kills).toBeGreaterThan(3)
  expect(sorted(itemsInStore())).toEqual(sorted(converted))
  expect(await openAsBefore()).toMatch(refusal)
  expect((await readdir(home)).toSorted()).toEqual(['store', 'table', copyName])
})

it('touches no old table that lies beside a store', async () => {
  const table = await openStore(home, { say: () => {}, failed: () => {} })
  await table.close()
  await rm(join(home, 'table'), { recursive: true })
  await makeOldTable()
  await expect(openStore(home, { say: () => {}, failed: () => {} })).rejects.toThrow(
    'an older version beside the store',
  )
  expect(await openAsBefore()).toBe('opened')
})

it('begins a new home that an older version refuses, too', async () => {
  const table = await openStore(home, { say: () => {}, failed: () => {} })
  await table.create({ pk: 'A#1', sk: 'A' })
  await table.close()
  expect(await openAsBefore()).toMatch(refusal)
})

it('knows the end of every kind that ends and was there in 0.1.0', () => {
  const since = ['deviceStarts', 'intent']
  const ends = allEntities.filter(({ entity: { declaration } }) => {
    const { deletedBy } = declaration
    return !('kept' in deletedBy) && deletedBy.includes('expiry')
  })
  expect(Object.keys(endedDays).toSorted()).toEqual(
    ends
      .map(({ name }) => name)
      .filter((name) => !since.includes(name))
      .toSorted(),
  )
})
