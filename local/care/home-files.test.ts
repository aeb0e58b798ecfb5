import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { memoryTable } from '../../adapters/local/testing.ts'
import { fileFaults, knownFiles, noteFiles } from './home-files.ts'

let home = ''
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'cloister-home-files-'))
  for (const name of ['keyring.json', 'secrets.json', 'withdrawals.jsonl'])
    await writeFile(join(home, name), `${name} 1`)
})
afterEach(() => rm(home, { recursive: true, force: true }))

it('files are what they were when the host stopped; after a kill, those that never change are', async () => {
  const table = memoryTable()
  const faults = async (): Promise<string[]> =>
    (await fileFaults(home, await knownFiles(table))).map(({ says }) => says.replace(`${home}/`, ''))
  expect(await faults()).toEqual([])
  for (const closed of [false, true]) {
    await noteFiles(home, table, closed)
    // A withdrawal that was under way is noted still.
    await appendFile(join(home, 'withdrawals.jsonl'), ' and more')
    expect(await faults()).toEqual([])
    await writeFile(join(home, 'keyring.json'), `another ${closed}`)
    await writeFile(join(home, 'withdrawals.jsonl'), `another list ${closed}`)
    const others = closed ? ['keyring.json', 'withdrawals.jsonl'] : []
    expect(await faults()).toEqual(others.map((name) => `The file ${name} is not what it was when the host stopped.`))
  }
  await writeFile(join(home, 'secrets.json'), 'others')
  await rm(join(home, 'keyring.json'))
  await noteFiles(home, table, false)
  expect(await faults()).toEqual([])
  await rm(join(home, 'secrets.json'))
  expect(await faults()).toEqual(['The file secrets.json is missing.'])
  table.close()
})
