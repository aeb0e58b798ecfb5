/**
 * A home that is sealed at rest, as its operator has it: a real host works in it and is killed, and no byte below the
 * home says what it holds; the sealing itself is killed, and goes on; its key is another's, and nothing is opened.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { generateX25519Identity, identityToRecipient } from 'age-encryption'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openText, type Seal } from '../adapters/local/seal.ts'
import { type Client, createClient } from '../clients/api.ts'
import { lookAt } from '../local/care/look.ts'
import { readSealFile } from '../local/care/seal-file.ts'
import { unlock } from '../local/care/unlock.ts'
import { demoPassword } from '../local/demo/seed.ts'
import { startHost } from '../local/host.ts'
import { freePort, Visitor } from '../local/testing.ts'
import { memoryFor } from '../local/work.ts'
import { demoHome } from './demo-home.ts'
import { eventually } from './eventually.ts'
import { answered, register } from './jobs-support.ts'

const hostProgram = fileURLToPath(new URL('../local/run.ts', import.meta.url))
const command = fileURLToPath(new URL('../clients/cli/cloister.mjs', import.meta.url))
const passphrase = 'correct horse battery staple'
let scratch: string
let port: number
const children: ChildProcess[] = []
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'cloister-sealing-'))
  port = await freePort()
  await writeFile(at('right.txt'), `${passphrase}\n`)
  await writeFile(at('wrong.txt'), 'incorrect horse battery staple\n')
  await writeFile(at('backup.txt'), 'another passphrase of a backup\n')
})
afterAll(async () => {
  await Promise.all(children.map((child) => kill(child)))
  await rm(scratch, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 })
})
const at = (name: string): string => join(scratch, name)

interface Ran {
  code: number | null
  said: string
}
function begin(args: string[], environment: Record<string, string> = {}): { child: ChildProcess; ran: Promise<Ran> } {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', ...args], {
    env: { ...process.env, CLOISTER_PASSPHRASE_FILE: at('right.txt'), TMPDIR: scratch, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  })
  children.push(child)
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (part: Buffer) => void (said += part.toString()))
  const ran = new Promise<Ran>((resolve) => {
    child.on('close', (code) => resolve({ code, said }))
  })
  return { child, ran }
}
const cloister = (args: string[], environment?: Record<string, string>): Promise<Ran> =>
  begin([command, ...args], environment).ran
/** With all that it has started: each is the first of its group. */
async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = new Promise((resolve) => {
    child.once('exit', resolve)
  })
  process.kill(-child.pid!, 'SIGKILL')
  await gone
}
async function start(home: string, environment: Record<string, string> = {}): Promise<ChildProcess> {
  const settings = { CLOISTER_PORT: String(port), CLOISTER_HOME: home, ...environment }
  const { child, ran } = begin([hostProgram], settings)
  const ready = new Promise<void>((resolve) => {
    child.stdout!.on('data', (part: Buffer) => {
      if (part.includes('Cloister is ready')) resolve()
    })
  })
  const ended = ran.then(({ code, said }) => Promise.reject(new Error(`The host ended with ${code}: ${said}`)))
  ended.catch(() => {})
  await Promise.race([ready, ended])
  return child
}
async function stop(child: ChildProcess): Promise<void> {
  const gone = new Promise((resolve) => {
    child.once('exit', resolve)
  })
  child.kill('SIGTERM')
  await gone
}
const client = async (email: string): Promise<Client> => {
  const { access_token } = await new Visitor(`http://127.0.0.1:${port}`).signIn(email, demoPassword)
  return createClient({ baseUrl: `http://127.0.0.1:${port}`, token: () => access_token })
}
const sealOf = async (home: string, said = passphrase): Promise<Seal> => (await unlock(home, async () => said))!

/** Files below a folder that hold one of these. */
async function holding(folder: string, needles: readonly (string | Buffer)[]): Promise<string[]> {
  const found: string[] = []
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const path = join(entry.parentPath, entry.name)
    const bytes = await readFile(path).catch(() => Buffer.alloc(0))
    if (needles.some((needle) => bytes.includes(needle))) found.push(path)
  }
  return found
}

/** What of a home's keys must lie nowhere: in every form in which it is ever written. */
async function keyMaterial(home: string, { key, writes }: Seal): Promise<(string | Buffer)[]> {
  const opened = async (name: string): Promise<string> =>
    openText({ key, writes }, name, await readFile(join(home, name), 'utf8'))
  const ring = JSON.parse(await opened('keyring.json')) as {
    mac: string
    pairs: Record<string, { privateKey: string }>
  }
  const { objects } = JSON.parse(await opened('secrets.json')) as { objects: string }
  const login = JSON.parse(await opened('login-keys.json')) as { jwks: { keys: { d: string }[] }; cookies: string[] }
  const lines = Object.values(ring.pairs).map(({ privateKey }) => privateKey.split('\n')[3]!)
  const words = [ring.mac, objects, login.jwks.keys[0]!.d, ...login.cookies]
  const raw = [ring.mac, objects].map((text) => Buffer.from(text, 'base64'))
  return [
    ...lines,
    ...words,
    ...raw,
    Buffer.from(key),
    Buffer.from(key).toString('base64'),
    Buffer.from(key).toString('hex'),
  ]
}

const planted = ['Przewalski', 'Quetzalcoatl', 'Xylophonist']
const people = 400
const rows = `person_id,word,score\n${Array.from({ length: people }, (_, i) => `secretperson${i},${planted[i % 3]},${i % 7}`).join('\n')}\n`

it('a host works in a sealed home, is killed, and no byte of the home says what it holds', async () => {
  const home = at('home')
  const first = await startHost({ port, home, quiet: true, demo: false })
  await first.close()
  expect(await cloister(['seal', '--home', home])).toMatchObject({ code: 0 })
  expect((await readSealFile(home))?.state).toBe('sealed')

  // All of the demo comes now: studies with their runs, datasets, analyses.
  let host = await start(home, { CLOISTER_DEMO: 'yes' })
  const cleo = await client('cleo@demo.cloister')
  const { organisationId } = (await cleo.access.me()).memberships[0]!
  const datasetId = await register(cleo, organisationId, {
    name: 'planted',
    title: 'Planted',
    files: { 'words.csv': rows },
    schema: {
      images: [],
      tables: [
        {
          name: 'words',
          file: 'words.csv',
          oneRowPerSubject: true,
          columns: [
            { name: 'person_id', type: 'text', role: 'subject' },
            { name: 'word', type: 'category', categories: planted },
            { name: 'score', type: 'integer', minimum: 0, maximum: 6 },
          ],
        },
      ],
    },
  })
  const question = {
    dataset: datasetId,
    language: 'sql' as const,
    code: 'SELECT word, COUNT(*) AS n FROM words GROUP BY word',
    mode: 'rules' as const,
  }
  const result = await answered(cleo, question)
  expect(JSON.stringify(result)).toContain('Przewalski')
  // One more is at work when the host is killed.
  await cleo.jobs.ask({ body: question })
  await kill(host)

  const seal = await sealOf(home)
  const secret = [...planted, 'secretperson', ...(await keyMaterial(home, seal))]
  expect(await holding(home, secret)).toEqual([])
  expect(await holding(scratch, [...planted, 'secretperson'])).toEqual([])

  // Somebody else's passphrase, and none at all: nothing is served.
  const settings = { CLOISTER_PORT: String(port), CLOISTER_HOME: home }
  const wrong = await begin([hostProgram], { ...settings, CLOISTER_PASSPHRASE_FILE: at('wrong.txt') }).ran
  expect(wrong).toMatchObject({ code: 77, said: expect.stringContaining('not the passphrase of this home') })
  const none = await begin([hostProgram], { ...settings, CLOISTER_PASSPHRASE_FILE: '' }).ran
  expect(none).toMatchObject({ code: 1, said: expect.stringContaining('This home is sealed.') })
  for (const args of [['doctor'], ['backup', at('never.age'), '--passphrase', at('backup.txt')]])
    expect(
      await cloister([...args, '--home', home], { CLOISTER_PASSPHRASE_FILE: at('wrong.txt') }),
      args[0],
    ).toMatchObject({ code: 77 })

  host = await start(home)
  const again = await client('cleo@demo.cloister')
  expect(JSON.stringify(await answered(again, question))).toContain('Quetzalcoatl')
  expect(await cloister(['backup', at('home.age'), '--home', home, '--passphrase', at('backup.txt')])).toMatchObject({
    code: 0,
  })
  expect(await cloister(['doctor', '--home', home])).toMatchObject({ code: 0 })
  await stop(host)
  expect((await lookAt(home, 'whole', () => {}, seal)).findings).toEqual([])
  expect(await holding(home, secret)).toEqual([])
  expect(await readdir(await memoryFor(home))).toEqual([])

  // Another passphrase, and the old one opens nothing any more; nothing else was written.
  const before = await readFile(join(home, 'keyring.json'))
  await writeFile(at('new.txt'), 'a passphrase that is quite new')
  expect(await cloister(['seal', '--change', '--home', home, '--passphrase', at('new.txt')])).toMatchObject({ code: 0 })
  expect(await cloister(['doctor', '--quick', '--home', home])).toMatchObject({ code: 77 })
  expect(
    await cloister(['doctor', '--quick', '--home', home], { CLOISTER_PASSPHRASE_FILE: at('new.txt') }),
  ).toMatchObject({ code: 0 })
  expect((await readFile(join(home, 'keyring.json'))).equals(before)).toBe(true)

  // A backup comes back sealed, under its own passphrase.
  const back = at('restored')
  const restored = await cloister(['restore', at('home.age'), '--home', back, '--passphrase', at('backup.txt')])
  expect(restored).toMatchObject({ code: 0, said: expect.stringContaining('The home is sealed, under the passphrase') })
  expect(await holding(back, secret)).toEqual([])
  host = await start(back, { CLOISTER_PASSPHRASE_FILE: at('backup.txt') })
  const there = await client('cleo@demo.cloister')
  expect(JSON.stringify(await answered(there, question))).toContain('Xylophonist')
  await stop(host)

  // And unsealed, it is as one that never was.
  const unsealed = await cloister(['unseal', '--home', back], { CLOISTER_PASSPHRASE_FILE: at('backup.txt') })
  expect(unsealed).toMatchObject({ code: 0 })
  expect(await readdir(back)).not.toContain('seal.json')
  expect((await lookAt(back, 'whole', () => {})).findings.filter((one) => one.part !== 'restore')).toEqual([])
  expect((await holding(back, planted)).length).toBeGreaterThan(0)
}, 600_000)

it('sealing that is killed at any moment goes on, and unsealing too; no host starts in between', async () => {
  const original = await demoHome('cloister-sealing-demo-')
  const home = at('killed')
  await cp(original, home, { recursive: true })
  await rm(original, { recursive: true })
  const ring = JSON.parse(await readFile(join(home, 'keyring.json'), 'utf8')) as { mac: string }
  const started = (): Promise<unknown> =>
    startHost({ port, home, quiet: true, passphrase: async () => passphrase }).then(
      (host) => host.close(),
      (error: unknown) => error,
    )
  for (const [does, done] of [
    ['seal', 'sealed'],
    ['unseal', undefined],
  ] as const) {
    // How long it takes until something is written, so that kills come after that.
    let before = 0
    let killed = 0
    for (let turn = 0; (await readSealFile(home))?.state !== done; turn++) {
      const began = performance.now()
      const { child, ran } = begin([command, does, '--home', home])
      if (turn === 0) {
        await eventually('it has begun', async () => (await readSealFile(home))?.state === `${does}ing`, { every: 5 })
        before = performance.now() - began
      } else if (await Promise.race([ran.then(() => true), setTimeout(before + turn * 150, false)])) break
      await kill(child)
      const state = (await readSealFile(home))?.state
      if (state !== `${does}ing`) continue
      killed++
      expect(String(await started())).toMatch(/was cut short\. Nothing is lost/)
    }
    expect(killed, does).toBeGreaterThan(2)
    expect((await readSealFile(home))?.state).toBe(done)
    const seal = done && (await sealOf(home))
    expect((await lookAt(home, 'whole', () => {}, seal)).findings).toEqual([])
    expect((await holding(home, [ring.mac])).length).toBe(done ? 0 : 1)
    expect(await started()).toBeUndefined()
  }
}, 600_000)

it('a sealed home is restored for a recipient; one whose seal.json is gone says so, and a version that knows no seal trips on it', async () => {
  const home = at('bare')
  const host = await startHost({ port, home, quiet: true, demo: false })
  await host.close()
  expect(await cloister(['seal', '--home', home, '--passphrase', at('right.txt')])).toMatchObject({ code: 0 })
  expect(await cloister(['seal', '--home', home])).toMatchObject({ code: 2 })
  const text = await readFile(join(home, 'secrets.json'), 'utf8')
  expect(() => JSON.parse(text) as unknown).toThrow(/Sealed by/)

  // A backup for recipients has no passphrase: the home that is made of it is given one.
  const identity = await generateX25519Identity()
  await writeFile(at('identity.txt'), identity)
  await writeFile(at('given.txt'), 'the passphrase of the new place')
  const recipient = ['--recipient', await identityToRecipient(identity)]
  expect(await cloister(['backup', at('bare.age'), '--home', home, ...recipient])).toMatchObject({ code: 0 })
  const restore = ['restore', at('bare.age'), '--home', at('bare-again'), '--identity', at('identity.txt')]
  const given = { CLOISTER_PASSPHRASE_FILE: at('given.txt') }
  expect(await cloister(restore, given)).toMatchObject({
    code: 0,
    said: expect.stringContaining('sealed, under the passphrase that was given'),
  })
  expect(await cloister(['doctor', '--quick', '--home', at('bare-again')], given)).toMatchObject({ code: 0 })
  expect(await cloister(['doctor', '--quick', '--home', at('bare-again')])).toMatchObject({ code: 77 })

  await rm(join(home, 'seal.json'))
  const failure = await startHost({ port, home, quiet: true, demo: false }).catch((error: unknown) => error)
  expect(String(failure)).toMatch(/seal\.json is missing/)
  expect(await cloister(['seal', '--home', home])).toMatchObject({ said: expect.stringContaining('is missing') })
  const unsealed = await eventually('it is refused', () => cloister(['unseal', '--home', home]))
  expect(unsealed.code).toBe(2)
})
