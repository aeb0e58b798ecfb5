import { appendFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { localKeys } from '../../adapters/local/keys.ts'
import { Trouble } from '../trouble.ts'
import { makeTable, tableFile } from '../../adapters/local/table-folder.ts'
import { TableFile } from '../../adapters/local/table-file.ts'
import { storeFolder } from '../store.ts'
import { goneBy, goneSince, listOf, noteGone } from './withdrawals.ts'

let home = ''
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'cloister-withdrawals-'))
})
afterEach(() => rm(home, { recursive: true, force: true }))
const keysOf = (name: string): ReturnType<typeof localKeys> => localKeys({ file: join(home, `${name}.json`) })

it('a list says which runs’ data went, and a line that was cut is no end of it', async () => {
  const keys = keysOf('keyring')
  const list = listOf(home)
  await noteGone(list, keys, { run: 'run_a', as: 'withdrawn' })
  // As a kill in the middle of a line leaves it.
  await appendFile(list, '\n{"run":"run_b","as":"abor')
  await noteGone(list, keys, { run: 'run_c', as: 'aborted' })
  const said = [
    { run: 'run_a', as: 'withdrawn' },
    { run: 'run_c', as: 'aborted' },
  ]
  expect(await goneBy(list, keys)).toEqual(said)
  // A home whose table is lost has its list still.
  expect((await goneSince(home, { keys, store: 'any' })).gone).toEqual(said)
})

it('lines of another installation, and lines that were changed, withdraw nobody', async () => {
  const list = listOf(home)
  await noteGone(list, keysOf('other'), { run: 'run_a', as: 'withdrawn' })
  const keys = keysOf('keyring')
  await noteGone(list, keys, { run: 'run_b', as: 'aborted' })
  await writeFile(list, (await readFile(list, 'utf8')).replace('"aborted"', '"withdrawn"'))
  expect(await goneBy(list, keys)).toEqual([])
})

it('an empty list says that there were none; no list and no home are no answer', async () => {
  await writeFile(listOf(home), '')
  expect(await goneBy(listOf(home), keysOf('keyring'))).toEqual([])
  await mkdir(join(home, 'empty'))
  for (const from of ['empty', 'nowhere'])
    await expect(goneSince(join(home, from), { keys: keysOf('keyring'), store: 'any' })).rejects.toThrow(Trouble)
})

describe('told to a home that was restored', () => {
  const storeOf = (of: string): string => {
    const table = TableFile.read(tableFile(storeFolder(of)))
    try {
      return table.head.store
    } finally {
      table.close()
    }
  }
  const tell = (from: string, store = 'any') => goneSince(from, { keys: keysOf('keyring'), store })

  it('a file that is no list of this installation is no word that nobody has withdrawn', async () => {
    const wrong = join(home, 'hosts')
    await writeFile(wrong, '127.0.0.1 localhost\n')
    await expect(tell(wrong)).rejects.toThrow(/hosts.*no line.*1 line/s)
    const foreign = join(home, 'foreign.jsonl')
    await noteGone(foreign, keysOf('other'), { run: 'run_a', as: 'withdrawn' })
    await expect(tell(foreign)).rejects.toThrow(Trouble)
  })

  it('lines that were changed are counted, and the others are taken', async () => {
    const list = join(home, 'some.jsonl')
    await noteGone(list, keysOf('keyring'), { run: 'run_a', as: 'withdrawn' })
    await noteGone(list, keysOf('other'), { run: 'run_b', as: 'withdrawn' })
    await appendFile(list, '\n{"run":"run_c","as":"abor')
    expect(await tell(list)).toEqual({ gone: [{ run: 'run_a', as: 'withdrawn' }], passedOver: 2 })
    const empty = join(home, 'empty.jsonl')
    await writeFile(empty, '')
    expect(await tell(empty)).toEqual({ gone: [], passedOver: 0 })
  })

  it('a home of another installation is refused, and the lost one is not', async () => {
    const lost = join(home, 'lost')
    await makeTable(storeFolder(lost), () => {})
    expect(await tell(lost, storeOf(lost))).toEqual({ gone: [], passedOver: 0 })
    await expect(tell(lost, 'another')).rejects.toThrow(/another installation/)
  })
})
