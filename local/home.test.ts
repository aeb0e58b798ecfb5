import { execFileSync } from 'node:child_process'
import { mkdir, mkdtemp, open, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { prepareHome } from './home.ts'
import { Trouble } from './trouble.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cloister-place-'))
  await writeFile(join(folder, 'file'), '')
  execFileSync('mkfifo', [join(folder, 'pipe')])
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const refusal = (home: string, patience?: number): Promise<unknown> =>
  prepareHome(home, patience).then(
    () => 'taken',
    (error: unknown) => error,
  )

it.each(['/dev/null/x', '/dev/null', '/dev/full', '/proc/x', '/proc/x/y', '/proc', '/sys/x', '/proc/self/fd/x'])(
  'the place %s can hold no files, and that is said',
  async (home) => {
    const said = await refusal(home)
    expect(said).toBeInstanceOf(Trouble)
    expect((said as Trouble).message).toContain('CLOISTER_HOME')
  },
)

it.each(['pipe', 'pipe/x', 'file', 'file/x', 'x'.repeat(300)])('nor can %s', async (name) => {
  expect(await refusal(join(folder, name))).toBeInstanceOf(Trouble)
})

it('a place that never answers is given up', async () => {
  const home = join(folder, 'stuck')
  await mkdir(home)
  execFileSync('mkfifo', [join(home, 'secrets.json')])
  expect(await refusal(home, 200)).toMatchObject({ name: 'Unanswered' })
  // Lets go of the thread that still waits there.
  await (await open(join(home, 'secrets.json'), 'w')).close()
})

it('a good place is made with all that lies above it, for its owner alone, and keeps nothing of the try', async () => {
  const home = join(folder, 'a', 'b', 'c')
  const made = (await prepareHome(home)).secrets(undefined)
  expect((await prepareHome(home)).secrets(undefined)).toEqual(made)
  expect(await readdir(home)).toEqual(['secrets.json'])
  expect((await stat(home)).mode & 0o077).toBe(0)
})
