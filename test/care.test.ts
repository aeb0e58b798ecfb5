/** Care of a home, as its operator does it: looked at, saved while people work, restored elsewhere, and repaired. */
import { spawn } from 'node:child_process'
import { chmod, mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Client, createClient } from '../clients/api.ts'
import { lookAt } from '../local/care/look.ts'
import { seenIn } from '../local/care/look-items.ts'
import { TableFile } from '../adapters/local/table-file.ts'
import { tableFile } from '../adapters/local/table-folder.ts'
import type { SealedReceipt } from '../domain/care/receipt.ts'
import { demoPassword } from '../local/demo/seed.ts'
import { type Host, startHost } from '../local/host.ts'
import { storeFolder } from '../local/store.ts'
import { freePort, Visitor } from '../local/testing.ts'
import { demoHome } from './demo-home.ts'

const program = fileURLToPath(new URL('../clients/cli/cloister.mjs', import.meta.url))
let home: string
let scratch: string
let host: Host | undefined
beforeAll(async () => {
  home = await demoHome('cloister-care-')
  scratch = await mkdtemp(join(tmpdir(), 'cloister-care-scratch-'))
})
afterAll(async () => {
  await host?.close()
  for (const folder of [home, scratch]) await rm(folder, { recursive: true, force: true })
})
const at = (name: string): string => join(scratch, name)

interface Ran {
  code: number | null
  out: string
  err: string
}
/** The command line, in a process of its own; the host answers from this one. */
function run(args: string[], passphrase = 'correct horse battery staple'): Promise<Ran> {
  const child = spawn(process.execPath, [program, ...args], {
    env: { ...process.env, CLOISTER_PASSPHRASE: passphrase },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let out = ''
  let err = ''
  child.stdout.on('data', (part: Buffer) => void (out += part.toString()))
  child.stderr.on('data', (part: Buffer) => void (err += part.toString()))
  return new Promise((resolve) => {
    child.on('close', (code) => resolve({ code, out, err }))
  })
}
const doctor = async (of: string, ...more: string[]): Promise<{ code: number | null; receipt: SealedReceipt }> => {
  const { code, out } = await run(['doctor', '--home', of, '--json', ...more])
  return { code, receipt: JSON.parse(out) as SealedReceipt }
}
const start = async (of: string): Promise<Host> => startHost({ port: await freePort(), home: of, quiet: true })
const clientOf = async (email: string): Promise<Client> => {
  const { access_token } = await new Visitor(host!.mainOrigin).signIn(email, demoPassword)
  return createClient({ baseUrl: host!.mainOrigin, token: () => access_token })
}

/** Runs of a home by their state, as its table has them. */
function runsOf(of: string): Map<string, string> {
  const table = TableFile.read(tableFile(storeFolder(of)))
  try {
    return new Map([...seenIn(table).runs].map(([runId, { state }]) => [runId, state]))
  } finally {
    table.close()
  }
}

it('a backup of a home at work comes back whole, and what was withdrawn since stays withdrawn', async () => {
  host = await start(home)
  const [runId] = [...runsOf(home)].find(([, state]) => state === 'completed')!
  const rosa = await clientOf('rosa@demo.cloister')
  // Objects come, change and go while the backup is made.
  let busy = true
  const churn = (async () => {
    for (let i = 0; busy; i++) {
      await setTimeout(20)
      await host!.deps.objects.put('released', `jobs/churn/${i % 7}`, Buffer.from(`${i}`.repeat(500)), 'text/plain')
      if (i % 3 === 0) await host!.deps.objects.remove('released', `jobs/churn/${(i + 3) % 7}`)
    }
  })()
  const saved = await run(['backup', at('home.age'), '--home', home])
  busy = false
  await churn
  expect(saved).toMatchObject({ code: 0, err: '' })
  expect(saved.out).toMatch(/files .* were saved to .*, and read back/)
  // Nothing of it lies about, readable or half made.
  expect((await readFile(at('home.age'))).subarray(0, 21).toString()).toBe('age-encryption.org/v1')
  expect((await readdir(scratch)).sort()).toEqual(['home.age'])
  expect(await readdir(join(home, 'work'))).toEqual([])
  // A look beside the host, too.
  expect(await doctor(home)).toMatchObject({ code: 0, receipt: { whole: true } })

  await rosa.runs.withdrawRun({ params: { runId }, body: { reason: 'On request' } })
  await host.close()
  host = undefined
  expect(runsOf(home).get(runId)).toBe('withdrawn')

  const wrong: [args: string[], passphrase: string | undefined, says: RegExp][] = [
    [['restore', at('home.age'), '--home', home], undefined, /is not empty/],
    [['restore', at('home.age'), '--home', at('r')], 'another passphrase', /not its passphrase/],
    [['backup', join(home, 'inside.age'), '--home', home], undefined, /outside of the home/],
    [['backup', at('short.age'), '--home', home], 'short', /at least 12/],
  ]
  await Promise.all(
    wrong.map(async ([args, passphrase, says]) => {
      const refused = await run(args, passphrase)
      expect(refused.err).toMatch(says)
      expect(refused.code).toBeGreaterThan(0)
    }),
  )

  // A restore that nobody tells of withdrawals says so, until somebody does.
  const restored = await run(['restore', at('home.age'), '--home', at('restored')])
  expect(restored).toMatchObject({ code: 0, err: '' })
  expect(restored.out).toContain('nobody has said which runs were withdrawn since')
  expect(runsOf(at('restored')).get(runId)).toBe('completed')
  expect((await lookAt(at('restored'), 'whole', () => {})).findings).toMatchObject([{ part: 'restore', grade: 'note' }])
  expect(await run(['withdrawals', home, '--home', at('restored')])).toMatchObject({ code: 0 })
  host = await start(at('restored'))
  expect(runsOf(at('restored')).get(runId)).toBe('withdrawn')
  await host.close()
  host = undefined
  expect((await lookAt(at('restored'), 'whole', () => {})).findings).toEqual([])

  // Cut or changed, it is not taken, and nothing is left of the attempt.
  await truncate(at('home.age'), (await stat(at('home.age'))).size - 70_000)
  expect((await run(['restore', at('home.age'), '--home', at('bad')])).err).toMatch(/cut or changed/)
  expect((await readdir(scratch)).filter((name) => /^\.?bad$|restoring/.test(name))).toEqual([])
}, 400_000)

it('a receipt is sealed by the installation, and repairs are those that can be proved', async () => {
  const stray = join(home, 'objects', 'released', 'stray~.00000000-0000-4000-8000-000000000000')
  await writeFile(stray, 'x')
  await chmod(join(home, 'secrets.json'), 0o644)
  const found = await doctor(home)
  expect(found.code).toBe(1)
  expect(found.receipt.findings.map(({ part, grade }) => `${part} ${grade}`)).toEqual([
    'secrets damage',
    'leftovers note',
  ])
  const mended = await doctor(home, '--repair', '--receipt', at('receipt.json'))
  expect(mended).toMatchObject({ code: 0, receipt: { whole: true, findings: [] } })
  expect(mended.receipt.repaired).toHaveLength(2)

  expect(await run(['doctor', '--home', home, '--verify', at('receipt.json')])).toMatchObject({ code: 0 })
  const text = await readFile(at('receipt.json'), 'utf8')
  await writeFile(at('forged.json'), text.replace('"whole": true', '"whole": false'))
  expect(await run(['doctor', '--home', home, '--verify', at('forged.json')])).toMatchObject({ code: 1 })

  // Without its file `head` a table that is whole is taken as it stands, when its operator says so.
  await rm(join(storeFolder(home), 'head'))
  await expect(start(home)).rejects.toThrow(/head is missing/)
  expect(await doctor(home, '--accept')).toMatchObject({ code: 0 })
  // One that was cut is not.
  await rm(join(storeFolder(home), 'head'))
  await truncate(tableFile(storeFolder(home)), 400_000)
  expect((await run(['doctor', '--home', home, '--accept'])).code).toBe(1)
}, 200_000)
