/** The programs of this folder as their operator starts them, with places that are none. */
import { spawn, spawnSync } from 'node:child_process'
import { mkdir, mkdtemp, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { localKeys } from '../../adapters/local/keys.ts'
import { makeTable } from '../../adapters/local/table-folder.ts'
import { processStartTime } from '../../runner/own-folders.ts'
import { storeFolder } from '../store.ts'
import { prepareWork } from '../work.ts'
import { systemWords } from './program.ts'

let scratch: string
let home: string
const at = (...names: string[]): string => join(scratch, ...names)
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'cloister-care-'))
  home = at('home')
  await makeTable(storeFolder(home), () => {})
  await localKeys({ file: join(home, 'keyring.json') }).mac('doctor', 'text')
})
afterAll(() => rm(scratch, { recursive: true, force: true }))

interface Ran {
  code: number | null
  said: string
}
function run(name: 'backup' | 'doctor' | 'restore', options: Record<string, unknown>): Promise<Ran> {
  const program = fileURLToPath(new URL(`${name}.ts`, import.meta.url))
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', program, JSON.stringify(options)], {
    env: { ...process.env, CLOISTER_PASSPHRASE: 'correct horse battery staple' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (part: Buffer) => void (said += part.toString()))
  return new Promise((resolve) => {
    child.on('close', (code) => resolve({ code, said }))
  })
}

it('a place that cannot be used is named in a sentence, without a stack', async () => {
  await writeFile(at('file'), 'x')
  await mkdir(at('folder'))
  const cases: [name: 'backup' | 'doctor' | 'restore', options: Record<string, unknown>, says: RegExp][] = [
    ['backup', { home, file: at('nowhere', 'b.age') }, /nowhere is no folder/],
    ['backup', { home, file: at('file', 'b.age') }, /file is no folder/],
    ['backup', { home, file: at('folder'), force: true }, /folder is no file/],
    ['backup', { home, file: '/dev/null', force: true }, /\/dev\/null is no file/],
    ['backup', { home, file: '/proc/b.age' }, /\/proc.*cannot be written \(ENOENT\)/],
    ['restore', { home: at('new'), file: at('folder') }, /folder is a folder/],
    ['restore', { home: '/proc/new', file: at('file') }, /\/proc\/new is no place for a home \(ENOENT\)/],
    ['doctor', { home, receipt: '/proc/receipt' }, /\/proc\/receipt cannot be written \(ENOENT\)/],
  ]
  for (const [name, options, says] of cases) {
    const { code, said } = await run(name, options)
    expect(said).toMatch(says)
    expect(said).not.toMatch(/^\s+at /m)
    expect(code).toBe(2)
  }
  expect((await readdir(scratch)).sort()).toEqual(['file', 'folder', 'home'])
}, 300_000)

it('what the system refuses on the way is said; a fault of ours keeps its stack', () => {
  const of = (code: string, path?: string): Error => Object.assign(new Error('x'), { code, path })
  expect(systemWords(of('ENOSPC'))?.message).toMatch(/disk is full \(ENOSPC\).*was removed/)
  expect(systemWords(of('ENOSPC'), '/a.age')?.message).toMatch(/full: \/a\.age cannot be written/)
  expect(systemWords(of('EACCES', '/home/x'))?.message).toMatch(/^\/home\/x cannot be read/)
  expect(systemWords(of('EMFILE'))?.message).toMatch(/ulimit/)
  expect(systemWords(new TypeError('x'))).toBeUndefined()
})

it('what lies elsewhere behind a link is saved, and a backup stays outside of the home by any way', async () => {
  await rename(join(home, 'keyring.json'), at('keyring.json'))
  await symlink(at('keyring.json'), join(home, 'keyring.json'))
  await mkdir(at('elsewhere', 'below'), { recursive: true })
  await writeFile(at('elsewhere', 'below', 'log'), 'kept')
  await symlink(at('elsewhere'), join(home, 'logs'))
  await symlink(home, at('link'))
  expect((await run('backup', { home, file: at('link', 'b.age') })).said).toMatch(/outside of the home/)
  expect((await run('backup', { home: at('link'), file: join(home, 'b.age') })).said).toMatch(/outside of the home/)

  expect(await run('backup', { home, file: at('b.age') })).toMatchObject({ code: 0 })
  await run('restore', { home: at('back'), file: at('b.age') })
  expect(await readFile(at('back', 'keyring.json'), 'utf8')).toBe(await readFile(at('keyring.json'), 'utf8'))
  expect(await readFile(at('back', 'logs', 'below', 'log'), 'utf8')).toBe('kept')

  // A link that leads nowhere is said: what it stood for would be missing.
  await symlink(at('gone'), join(home, 'login.db'))
  expect(await run('backup', { home, file: at('c.age') })).toMatchObject({
    code: 1,
    said: expect.stringContaining('login.db'),
  })
  await rm(join(home, 'login.db'))
}, 300_000)

it('what a killed restore or backup has left beside its place is swept by the next, and by a start; what is at work stays', async () => {
  const place = at('killed')
  const dead = spawnSync(process.execPath, ['--version']).pid
  const left = async (): Promise<string[]> => (await readdir(place)).filter((name) => name.startsWith('.')).sort()
  const leave = async (pid: number, born: string): Promise<void> => {
    await mkdir(join(place, `.home.restoring-${pid}-${born}-Ab12cd`, 'store'), { recursive: true })
    await writeFile(join(place, `.home.restoring-${pid}-${born}-Ab12cd`, 'store', 'table.sqlite'), 'in the clear')
    await writeFile(join(place, `.old.age.saving-${pid}-${born}-age`), 'half')
  }
  await mkdir(place)
  await leave(process.pid, processStartTime('self'))
  const atWork = await left()
  await leave(dead, '1')
  expect(await left()).toHaveLength(4)
  expect((await run('restore', { home: join(place, 'other'), file: at('b.age') })).code).toBe(0)
  expect(await left()).toEqual(atWork)
  await leave(dead, '1')
  await prepareWork(join(place, 'other'))
  expect(await left()).toEqual(atWork)
  await leave(dead, '1')
  await run('backup', { home: join(place, 'other'), file: join(place, 'new.age') })
  expect(await left()).toEqual(atWork)
}, 120_000)
