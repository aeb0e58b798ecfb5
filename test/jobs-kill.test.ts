/**
 * A real host, killed while a person's script runs in a real confinement: at the next start the job comes to its end,
 * and nothing is lost, spent twice or left behind.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { chmod, mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Client, createClient } from '../clients/api.ts'
import { demoPassword } from '../local/demo/seed.ts'
import { freePort, Visitor } from '../local/testing.ts'
import { demoHome } from './demo-home.ts'
import { register, settled } from './jobs-support.ts'
import { eventually } from './eventually.ts'

const program = fileURLToPath(new URL('../local/run.ts', import.meta.url))
let home: string
/** What the hosts take for the system's temporary folder. */
let temporary: string
let port: number
const hosts: ChildProcess[] = []
beforeAll(async () => {
  home = await demoHome('cloister-kill-')
  temporary = await mkdtemp(join(tmpdir(), 'cloister-kill-tmp-'))
  await chmod(temporary, 0o1777)
  port = await freePort()
})
afterAll(async () => {
  for (const host of hosts)
    if (host.exitCode === null && host.signalCode === null) {
      const gone = new Promise((r) => host.once('exit', r))
      host.kill('SIGKILL')
      await gone
    }
  for (const folder of [home, temporary])
    await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 })
})

async function start(): Promise<ChildProcess> {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', program], {
    env: { ...process.env, CLOISTER_PORT: String(port), CLOISTER_HOME: home, TMPDIR: temporary },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  hosts.push(child)
  let said = ''
  await new Promise<void>((resolve, reject) => {
    for (const stream of [child.stdout!, child.stderr!])
      stream.on('data', (part: Buffer) => {
        said += part.toString()
        if (said.includes('Cloister is ready')) resolve()
      })
    child.once('exit', (code) => reject(new Error(`The host ended with ${code}: ${said}`)))
  })
  return child
}
const client = async (email: string): Promise<Client> => {
  const { access_token } = await new Visitor(`http://127.0.0.1:${port}`).signIn(email, demoPassword)
  return createClient({ baseUrl: `http://127.0.0.1:${port}`, token: () => access_token })
}

interface Process {
  pid: number
  parent: number
  born: string
  command: string
  dead: boolean
}
async function processes(): Promise<Process[]> {
  const pids = (await readdir('/proc')).filter((n) => /^\d+$/.test(n))
  const all = await Promise.all(
    pids.map(async (pid) => {
      const [stat, command] = await Promise.all([
        readFile(`/proc/${pid}/stat`, 'latin1').catch(() => ''),
        readFile(`/proc/${pid}/cmdline`, 'latin1').catch(() => ''),
      ])
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
      return stat === ''
        ? []
        : [
            {
              pid: Number(pid),
              parent: Number(fields[1]),
              born: fields[19]!,
              command: command.replaceAll('\0', ' '),
              dead: fields[0] === 'Z',
            },
          ]
    }),
  )
  return all.flat().filter((p) => !p.dead)
}
async function below(pid: number): Promise<Process[]> {
  const all = await processes()
  const found = [pid]
  for (let i = 0; i < found.length; i++) found.push(...all.filter((p) => p.parent === found[i]).map((p) => p.pid))
  return all.filter((p) => p.pid !== pid && found.includes(p.pid))
}

/** Files below a folder of the objects that belong to a job. */
async function objects(bucket: string, jobId: string): Promise<string[]> {
  const found = await readdir(join(home, 'objects', bucket), { recursive: true, withFileTypes: true }).catch(() => [])
  return found
    .filter((f) => f.isFile())
    .map((f) => join(f.parentPath, f.name))
    .filter((path) => path.includes(jobId))
}

/** A dataset of so many people, as `register` takes it. */
const crowd = (name: string, people: number): Parameters<typeof register>[2] => ({
  name,
  title: 'A crowd',
  files: {
    'people.csv': `id,age\n${Array.from({ length: people }, (_, i) => `p${i},${20 + ((i * 7) % 60)}\n`).join('')}`,
  },
  schema: {
    images: [],
    tables: [
      {
        name: 'people',
        file: 'people.csv',
        oneRowPerSubject: true,
        columns: [
          { name: 'id', type: 'text', role: 'subject' },
          { name: 'age', type: 'integer', minimum: 0, maximum: 120 },
        ],
      },
    ],
  },
  policy: { budget: { epsilon: 40, delta: 1e-6 } },
})

it('SIGKILL of the host while a Python job under noise computes', async () => {
  const first = await start()
  const [cleo, anil] = await Promise.all([client('cleo@demo.cloister'), client('anil@demo.cloister')])
  const { organisationId } = (await cleo.access.me()).memberships[0]!
  const datasetId = await register(cleo, organisationId, crowd('crowd', 420))
  const before = (await anil.datasets.get({ params: { datasetId } })).budget
  const code = `import json, os
rows = open(os.environ["DATA_ROOT"] + "/catalogs/crowd/people.csv").read().splitlines()[1:]
json.dump({"age": sum(int(r.split(",")[1]) for r in rows) / len(rows)}, open(os.environ["CLOISTER_OUTPUT"] + "/result.json", "w"))
`
  const { jobId } = await anil.jobs.ask({
    body: {
      dataset: datasetId,
      language: 'python',
      mode: 'noise',
      epsilon: 5,
      declared: [{ name: 'age', low: 0, high: 120 }],
      code,
      limits: { seconds: 20 },
    },
  })

  // Twenty blocks of a second each: killed once the analyst's own interpreter is there.
  const isCode = (p: Process): boolean => /(cloister|inside)\/python\.py/.test(p.command)
  const family = await eventually(
    'the code is at work',
    async () => {
      const { state } = await anil.jobs.get({ params: { jobId } })
      if (!['queued', 'running'].includes(state)) throw new Error(`The job is ${state} already`)
      const now = await below(first.pid!)
      return now.some(isCode) && now
    },
    { within: 120 },
  )
  const charged = (await anil.datasets.get({ params: { datasetId } })).budget
  expect(charged.reservedNanoRho).toBeGreaterThan(0)
  const working = async (kind: string): Promise<boolean> =>
    (await readdir(join(home, 'work'))).some((name) => name.startsWith(`cloister-${kind}-`))
  expect(await working('run')).toBe(true)
  const interrupted = register(cleo, organisationId, crowd('second', 100_000)).catch(() => {})
  await eventually('the engine is at work as well', () => working('engine'), { every: 5 })
  first.kill('SIGKILL')
  await interrupted
  expect(await readdir(temporary)).toEqual([])
  // Runner, confinement and interpreter go with it, whatever they were doing.
  const same = (p: Process, now: Process[]): boolean => now.some((n) => n.pid === p.pid && n.born === p.born)
  await eventually('all its processes have ended', async () => {
    const now = await processes()
    return !family.some((p) => same(p, now))
  })

  const second = await start()
  const again = await client('anil@demo.cloister')
  const job = await settled(again, jobId)
  expect(job).toMatchObject({ state: 'succeeded', hasResult: true })
  const { outputs, card } = await again.jobs.result({ params: { jobId } })
  expect(outputs[0]).toMatchObject({ name: 'age' })
  expect(outputs[0]!.rows[0]![0]!.value).toBeGreaterThanOrEqual(0)
  const after = (await again.datasets.get({ params: { datasetId } })).budget
  expect(after).toMatchObject({
    reservedNanoRho: 0,
    spentNanoRho: before.spentNanoRho + card.cost.nanoRho,
    limitNanoRho: before.limitNanoRho,
  })
  expect(card.cost.nanoRho).toBe(charged.reservedNanoRho)
  expect(await objects('quarantine', jobId)).toEqual([])
  // The job has ended before its inputs go.
  await eventually(
    'the inputs are gone',
    async () => (await objects('protected', jobId)).filter((n) => n.includes('inputs')).length === 0,
  )
  // No folder is left of either attempt, in the home or outside of it, and no runner is at work.
  await eventually('the folder for work is empty', async () => (await readdir(join(home, 'work'))).length === 0)
  expect(await readdir(temporary)).toEqual([])
  expect((await below(second.pid!)).filter((p) => p.command.includes(jobId) || p.command.includes('bwrap'))).toEqual([])
}, 240_000)
