/** The keeper with small hosts of a few lines, in tenths of a second. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { keep } from './keeper.mjs'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cloister-keeper-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const times = { lookMilliseconds: 100, silentMilliseconds: 300, firstPause: 20, longestPause: 100 }
const beating = `
  const send = (m) => process.connected && process.send(m, undefined, undefined, () => {})
  send({ doing: process.env.DOING })
  setInterval(() => send({ beat: true }), 30)
`
interface Kept {
  children: ChildProcess[]
  said: string[]
  over: Promise<[number | null, string | null]>
  tell: (signal: NodeJS.Signals) => void
}
/** Keeps programs: each start takes the next one, the last one for all that follow. */
function kept(...programs: string[]): Kept {
  const children: ChildProcess[] = []
  const said: string[] = []
  const { promise, resolve } = Promise.withResolvers<[number | null, string | null]>()
  const start = (): ChildProcess => {
    const program = programs[Math.min(children.length, programs.length - 1)]!
    const child = spawn(process.execPath, ['-e', program], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      env: { DOING: join(folder, 'doing.txt') },
    })
    children.push(child)
    return child
  }
  const tell = keep(
    start,
    (code, signal) => resolve([code, signal]),
    (text) => said.push(text),
    times,
  )
  return { children, said, over: promise, tell }
}

it('a host whose loop is frozen is ended with a note of what it was at, and started again', async () => {
  await writeFile(join(folder, 'doing.txt'), 'POST /api/studies\n        ')
  const { children, said, over, tell } = kept(
    `${beating}; setTimeout(() => { for (;;); }, 200)`,
    `process.on('SIGTERM', () => process.exit(0)); ${beating}`,
  )
  await expect.poll(() => children.length, { timeout: 10_000 }).toBe(2)
  expect(children[0]!.signalCode).toBe('SIGKILL')
  expect(said.join()).toContain('(at: POST /api/studies)')
  const note = JSON.parse(await readFile(join(folder, 'ended.json'), 'utf8')) as object
  expect(note).toMatchObject({ why: 'silent', doing: ['POST /api/studies'] })
  await expect.poll(() => children[1]!.connected).toBe(true)
  await new Promise((resolve) => {
    children[1]!.once('message', resolve)
  })
  tell('SIGTERM')
  expect(await over).toEqual([0, null])
})

it('a host that is stopped and goes on within a look is left alone', async () => {
  const { children, said, over, tell } = kept(beating)
  await new Promise((resolve) => {
    children[0]!.once('message', resolve)
  })
  for (let times = 0; times < 3; times++) {
    children[0]!.kill('SIGSTOP')
    await new Promise((resolve) => {
      setTimeout(resolve, 200)
    })
    children[0]!.kill('SIGCONT')
    await new Promise((resolve) => {
      children[0]!.once('message', resolve)
    })
  }
  expect([children.length, said]).toEqual([1, []])
  tell('SIGKILL')
  expect(await over).toEqual([null, 'SIGKILL'])
})

it('a host that keeps breaking is started again after longer and longer pauses', async () => {
  const { children, said, over, tell } = kept(`${beating}; setTimeout(() => process.exit(70), 60)`)
  await expect.poll(() => said.length, { timeout: 15_000 }).toBeGreaterThanOrEqual(4)
  expect(said.map((text) => /in ([\d.]+) s/.exec(text)![1]).slice(0, 4)).toEqual(['0.02', '0.04', '0.08', '0.1'])
  tell('SIGTERM')
  await over
  expect(children.length).toBeGreaterThanOrEqual(4)
})

it.each([
  ['that says what is wrong before it is ready', 'process.exit(1)', [1, null]],
  ['that breaks before it was ever heard', 'process.exit(70)', [70, null]],
  ['that ends as it was asked to by somebody else', `${beating}; setTimeout(() => process.exit(0), 100)`, [0, null]],
] as const)('a host %s is not started again', async (_, program, end) => {
  const { children, over } = kept(program)
  expect(await over).toEqual(end)
  expect(children).toHaveLength(1)
})
