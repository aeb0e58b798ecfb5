import { appendFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { localKeys } from '../../adapters/local/keys.ts'
import { Trouble } from '../trouble.ts'
import { goneBy, listOf, noteGone } from './withdrawals.ts'

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
  expect(await goneBy(home, keys)).toEqual(said)
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
    await expect(goneBy(join(home, from), keysOf('keyring'))).rejects.toThrow(Trouble)
})
