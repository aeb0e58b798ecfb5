/** Damage: whatever happens to the files of a table, what was acknowledged is there, or its loss is said. */
import {
  copyFileSync,
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ItemDamaged } from '../../ports/table.ts'
import { localTable, type LocalTable, StoreFailed } from './table.ts'
import { headFile, inspect, makeTable, openTable, StoreDamaged, tableFile } from './table-folder.ts'
import { TableFile } from './table-file.ts'
import { HeadFile, readHead } from './table-head.ts'
import { itemOf, rowOf } from './table-row.ts'

let top: string
beforeAll(() => {
  top = mkdtempSync(join(tmpdir(), 'cloister-damage-'))
})
afterAll(() => {
  rmSync(top, { recursive: true, force: true })
})

const failed = (failure: StoreFailed): void => {
  throw failure
}
let serial = 0
async function newTable(): Promise<{ folder: string; table: LocalTable }> {
  const folder = join(top, `store-${++serial}`)
  await makeTable(folder, () => {})
  return { folder, table: await localTable({ folder, failed }) }
}
async function fill(table: LocalTable, count: number, text: string): Promise<void> {
  await Promise.all(
    Array.from({ length: count }, async (_, number) => {
      const key = { pk: `RUN#${number % 4}`, sk: `C#${number}` }
      const there = await table.get(key)
      if (there) await table.update(key, { set: { text } })
      else await table.create({ ...key, gpk: 'G', gsk: `${number}`, text: text.repeat(1 + (number % 7)) })
    }),
  )
}
/** Every item, by all three ways to it. */
function contents(folder: string): string {
  const { table, head } = openTable(folder)
  try {
    const items = [...table.all()].map(itemOf)
    for (const { pk, sk } of items) itemOf(table.get(pk, sk)!)
    const indexed = [...table.rows({ pk: 'G', index: true, backwards: false })].length
    return JSON.stringify([items.toSorted((one, other) => (one.sk < other.sk ? -1 : 1)), indexed])
  } finally {
    table.close()
    head.close()
  }
}

/** What is there, or the sentence that says why nothing is. */
function opened(folder: string): string {
  try {
    return contents(folder)
  } catch (e) {
    if (e instanceof StoreDamaged) return e.message
    throw e
  }
}

interface Home {
  folder: string
  older: string
  whole: string
}
/** A table as it was closed, or as a kill left it with its log; and as it was some commits before. */
async function homeLeft(how: 'closed' | 'killed'): Promise<Home> {
  const { folder, table } = await newTable()
  await fill(table, 60, 'first ')
  const older = `${folder}-older`
  cpSync(folder, older, { recursive: true })
  await fill(table, 80, 'second ')
  await table.remove({ pk: 'RUN#1', sk: 'C#1' })
  const killed = `${folder}-killed`
  if (how === 'killed') cpSync(folder, killed, { recursive: true })
  await table.close()
  const left = how === 'killed' ? killed : folder
  const copy = `${left}-whole`
  cpSync(left, copy, { recursive: true })
  return { folder: left, older, whole: contents(copy) }
}

type Harm =
  | { does: 'flip'; at: number; mask: number }
  | { does: 'cut'; to: number }
  | { does: 'empty' | 'remove' | 'older' }
function harm(file: string, what: Harm, older: string): void {
  const { size } = statSync(file)
  if (what.does === 'flip' && size > 0) {
    const bytes = readFileSync(file)
    const at = Math.floor(what.at * size)
    for (let i = at; i < Math.min(size, at + 16); i++) bytes[i]! ^= what.mask
    writeFileSync(file, bytes)
  }
  if (what.does === 'cut') truncateSync(file, Math.floor(what.to * size))
  if (what.does === 'empty') truncateSync(file, 0)
  if (what.does === 'remove') rmSync(file)
  if (what.does === 'older') copyFileSync(older, file)
}
const fraction = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })
const harms: fc.Arbitrary<Harm> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ does: fc.constant('flip' as const), at: fraction, mask: fc.integer({ min: 1, max: 255 }) }),
  },
  { weight: 3, arbitrary: fc.record({ does: fc.constant('cut' as const), to: fraction }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constantFrom('empty' as const, 'remove' as const, 'older' as const) }) },
)

describe.each(['closed', 'killed'] as const)('a table that was %s', (how) => {
  it('opens with all that was acknowledged, or says what is wrong', async () => {
    const home = await homeLeft(how)
    let noticed = 0
    fc.assert(
      fc.property(fc.nat(), harms, (choice, what) => {
        const folder = `${home.folder}-harmed`
        rmSync(folder, { recursive: true, force: true })
        cpSync(home.folder, folder, { recursive: true })
        const names = readdirSync(folder).filter((name) => !name.endsWith('-shm'))
        const name = names[choice % names.length]!
        const before = join(home.older, name)
        harm(join(folder, name), what, before)
        const found = opened(folder)
        if (found !== home.whole) noticed++
        expect([home.whole, 'a sentence']).toContain(/^The .*\.$/.test(found) ? 'a sentence' : found)
      }),
      { numRuns: 120 },
    )
    expect(noticed).toBeGreaterThan(20)
  })
})

describe('what is said', () => {
  const after = async (change: (folder: string) => void): Promise<string[]> => {
    const { folder, table } = await newTable()
    await fill(table, 20, 'x')
    await table.close()
    change(folder)
    return inspect(folder, 'whole').faults
  }
  it('of nothing wrong is nothing, also while it is written', async () => {
    expect(await after(() => {})).toEqual([])
    const { folder, table } = await newTable()
    const writing = fill(table, 200, 'x')
    for (let n = 0; n < 5; n++) {
      expect(inspect(folder, 'whole').faults).toEqual([])
      await new Promise((resolve) => {
        setImmediate(resolve)
      })
    }
    await writing
    await table.close()
  })
  it('names what is missing', async () => {
    expect(await after((folder) => rmSync(tableFile(folder)))).toEqual([
      expect.stringMatching(/table\.sqlite is missing\.$/),
    ])
    expect(await after((folder) => rmSync(headFile(folder)))).toEqual([expect.stringMatching(/head is missing\.$/)])
    expect(await after((folder) => truncateSync(headFile(folder)))).toEqual([
      expect.stringMatching(/head cannot be read\.$/),
    ])
  })
  it('counts the items that are not as they were written, by kind and without a value', async () => {
    const said = await after((folder) => {
      const database = new DatabaseSync(tableFile(folder))
      database.exec(`update item set value = '{"text":"secret"}' where sk in ('C#3', 'C#4')`)
      database.close()
    })
    expect(said).toEqual(['The kind RUN has 2 items that are not as written.'])
  })
  it('tells that items are gone, or came', async () => {
    const said = await after((folder) => {
      const database = new DatabaseSync(tableFile(folder))
      database.exec(`delete from item where sk = 'C#3'`)
      database.close()
    })
    expect(said).toEqual(['The table should hold 20 items and holds 19.'])
  })
  it('tells an older table, and another', async () => {
    const { folder, table } = await newTable()
    await fill(table, 5, 'x')
    await table.close()
    const bytes = readFileSync(tableFile(folder))
    const { table: again, head } = openTable(folder)
    again.commit([{ does: 'remove', pk: 'RUN#0', sk: 'C#0' }])
    head.write(again.head)
    again.close()
    head.close()
    writeFileSync(tableFile(folder), bytes)
    expect(inspect(folder, 'quick').faults[0]).toContain('its newest 1 commit is gone')
    const other = await newTable()
    await other.table.close()
    copyFileSync(tableFile(other.folder), tableFile(folder))
    expect(inspect(folder, 'quick').faults[0]).toContain('of two different stores')
  })
})

describe('an item that is damaged while the table is open', () => {
  it('is an error that names its kind, for who reads it and who would change it', async () => {
    const { folder, table: first } = await newTable()
    await fill(first, 8, 'x')
    await first.close()
    const met: string[] = []
    const table = await localTable({ folder, failed, damaged: (what) => met.push(what) })
    const database = new DatabaseSync(tableFile(folder))
    database.exec(`update item set value = '{"text":"secret","rev":1}' where sk = 'C#0'`)
    database.close()
    const key = { pk: 'RUN#0', sk: 'C#0' }
    for (const asked of [
      table.get(key),
      table.query('RUN#0'),
      table.query('G', { index: true }),
      table.update(key, { set: { x: 1 } }),
      table.replace(key, 1),
    ]) {
      await expect(asked).rejects.toThrow(ItemDamaged)
      await expect(asked).rejects.toThrow(/^RUN item$/)
    }
    expect(met).toHaveLength(5)
    // The others are there.
    expect((await table.query('RUN#1')).items).toHaveLength(2)
    await table.close()
  })
})

describe('the file head', () => {
  it('has its newest whole place, whichever write was torn', () => {
    const file = join(top, 'head-torn')
    const head = { store: 's', commits: 0, items: 0, digest: '0' }
    HeadFile.make(file, head)
    const held = HeadFile.open(file, head)
    for (let commits = 1; commits <= 6; commits++) {
      held.write({ ...head, commits })
      expect(readHead(file)?.commits).toBe(commits)
      const bytes = readFileSync(file)
      // What was not synced may be on the disk in part: the place before it is whole.
      const place = [0, 4096].find((at) => bytes.subarray(at, at + 512).includes(`"commits":${commits},`))!
      bytes.fill(0, place + 100, place + 300)
      writeFileSync(join(top, 'torn'), bytes)
      expect(readHead(join(top, 'torn'))?.commits).toBe(commits - 1)
      held.sync()
    }
    held.close()
    expect(readHead(file)).toMatchObject({ commits: 6, closed: true })
  })
})

describe('writes', () => {
  it('that wait for each other share a commit', async () => {
    const { folder, table } = await newTable()
    await Promise.all(Array.from({ length: 300 }, (_, i) => table.create({ pk: 'A#1', sk: `${i}` })))
    await table.close()
    expect(readHead(headFile(folder))).toMatchObject({ items: 300, closed: true })
    expect(readHead(headFile(folder))!.commits).toBeLessThan(10)
  })
  it('that are refused commit nothing', () => {
    const table = TableFile.make(':memory:')
    table.commit([{ does: 'create', row: rowOf({ pk: 'A', sk: 'a' }) }])
    expect(table.commit([{ does: 'create', row: rowOf({ pk: 'A', sk: 'a' }) }])).toEqual([
      { refused: 'AlreadyExists', why: 'unknown item' },
    ])
    expect(table.head).toMatchObject({ commits: 1, items: 1 })
  })
  it('go on beside a refused one, and count back when they are undone', () => {
    const table = TableFile.make(':memory:')
    const row = rowOf({ pk: 'A', sk: 'a' })
    table.commit([
      { does: 'create', row },
      { does: 'create', row },
      { does: 'create', row: { ...row, sk: 'b' } },
    ])
    const { head } = table
    expect(head).toMatchObject({ commits: 1, items: 2 })
    expect(() =>
      table.commit([
        { does: 'remove', pk: 'A', sk: 'a' },
        { does: 'create', row: { ...row, value: null as never } },
      ]),
    ).toThrow(/NOT NULL|cannot be bound|constraint/)
    expect(table.head).toEqual(head)
    expect(table.get('A', 'a')).toBeDefined()
    table.commit([
      { does: 'remove', pk: 'A', sk: 'a' },
      { does: 'remove', pk: 'A', sk: 'b' },
    ])
    expect(table.head).toMatchObject({ items: 0, digest: '0'.repeat(32) })
  })
  it('fail with a kind: a full disk, damage, a disk that takes nothing', () => {
    const kindOf = (errcode: number): string => new StoreFailed({ name: 'Error', message: '', errcode }).kind
    expect([13, 11, 26, 10, 778, 1034].map(kindOf)).toEqual([
      'full',
      'damaged',
      'damaged',
      'unwritable',
      'unwritable',
      'unwritable',
    ])
    expect(new StoreFailed({ name: 'Error', message: '', errcode: 13 }).code).toBe('ENOSPC')
  })
})
