import { mkdir, mkdtemp, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { makeOwnFolder } from '../runner/own-folders.ts'
import { prepareWork, sweepFormer } from './work.ts'

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cloister-work-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

it('a start removes what dead processes have left in the home, of every kind, and nothing of the living', async () => {
  const work = join(folder, 'work')
  await mkdir(work)
  // Process 1 began at another time than this.
  for (const kind of ['run', 'engine', 'synthesis']) await mkdir(join(work, `cloister-${kind}-1-1-abcdef`))
  const mine = await makeOwnFolder('engine', work)
  await mkdir(join(folder, 'engine'))
  expect(await prepareWork(folder)).toBe(work)
  expect((await readdir(work)).map((name) => join(work, name))).toEqual([mine])
  expect(await readdir(folder)).toEqual(['work'])
})

it('what version 0.1.0 has left in the system’s temporary folder goes once nothing can be using it', async () => {
  const yesterday = new Date(Date.now() - 25 * 3600 * 1000)
  const names = ['cloister-engine-aB3xYz', 'cloister-synthesis-aB3xYz', 'cloister-data-aB3xYz', 'cloister-other-aB3xYz']
  for (const name of names) {
    await mkdir(join(folder, name))
    await utimes(join(folder, name), yesterday, yesterday)
  }
  await mkdir(join(folder, 'cloister-run-1-1-aB3xYz'))
  await mkdir(join(folder, 'cloister-engine-young1'))
  await sweepFormer(folder)
  expect((await readdir(folder)).sort()).toEqual(['cloister-engine-young1', 'cloister-other-aB3xYz'])
})

it.runIf(process.getuid?.() === 0)('as root, runs may pass to their folders and to nothing else', async () => {
  await writeFile(join(folder, 'secrets.json'), '{}', { mode: 0o644 })
  await mkdir(join(folder, 'objects'), { mode: 0o755 })
  await prepareWork(folder)
  const mode = async (name: string): Promise<string> => ((await stat(join(folder, name))).mode & 0o777).toString(8)
  expect(await Promise.all(['.', 'work', 'objects', 'secrets.json'].map(mode))).toEqual(['711', '711', '700', '600'])
})
