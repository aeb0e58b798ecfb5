/**
 * `node test/homes/keep.ts VERSION`, run when a version is released, keeps a small home of the sources as they are in
 * `test/homes/VERSION.tgz`: the demo with a life of its own, as a power cut leaves it while jobs are at work, and what
 * the same version said of it after its next start. `test/kept-home.test.ts` opens it with later versions.
 */
import { execFileSync, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Client, createClient } from '../../clients/api.ts'
import { base64url } from '../../domain/hash.ts'
import { type Op, recordHash, runHash, type SealedRecord } from '../../domain/runs/records.ts'
import { importRunKey, sealRecord, wrapRunKey } from '../../domain/runs/sealing.ts'
import { demoPassword } from '../../local/demo/seed.ts'
import { freePort, Visitor } from '../../local/testing.ts'
import { eventually } from '../eventually.ts'
import { ask, register, settled } from '../jobs-support.ts'
import { adultCsv, adultPlan, make, upload } from '../synthesis-support.ts'
import { type Testimony, testimonyOf } from './testimony.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** An analysis, or a run of a pipeline, by who may see it. */
export interface AtWork {
  what: 'analysis' | 'pipeline-run'
  jobId: string
  who: string
}

/** What is written beside the home. */
export interface Kept {
  /** When the power was cut; an instant. */
  at: string
  testimony: Testimony
  /** What was at work, and how the version that made the home ended it. */
  ends: { atWork: AtWork; state: string }[]
  /** The job that waits for Dora's vote, with what it will release. */
  held: string
  /** The job that waits for Cleo's approval. */
  unapproved: string
  /** A study with a sealed run, and its reaction times. */
  opened: { studyId: string; runId: string; times: number[] }
}

interface Process {
  pid: number
  parent: number
}
/** Processes below one, however deep. */
async function below(pid: number): Promise<number[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  const all = await Promise.all(
    pids.map(async (name): Promise<Process> => {
      const stat = await readFile(`/proc/${name}/stat`, 'latin1').catch(() => '')
      return { pid: Number(name), parent: Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]) }
    }),
  )
  const found = [pid]
  for (const one of found) found.push(...all.filter((other) => other.parent === one).map((other) => other.pid))
  return found.slice(1)
}

interface Running {
  origin: string
  as: (name: string) => Promise<Client>
  token: (name: string) => Promise<string>
  /** Ends the host and all that it began, at once. */
  cutPower: () => Promise<void>
}
const running = new Set<Running>()
async function start(home: string): Promise<Running> {
  const port = await freePort()
  const child = spawn(process.execPath, [join(root, 'local/run.ts')], {
    env: { ...process.env, CLOISTER_PORT: String(port), CLOISTER_HOME: home },
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const gone = new Promise((resolve) => {
    child.once('exit', resolve)
  })
  let said = ''
  child.stdout.on('data', (part: Buffer) => {
    said += part.toString()
  })
  await eventually('the host is ready', () => said.includes('Cloister is ready'), { within: 180 })
  const origin = `http://127.0.0.1:${port}`
  const token = async (name: string): Promise<string> => {
    const signedIn = await new Visitor(origin).signIn(`${name}@demo.cloister`, demoPassword)
    return signedIn.access_token
  }
  const host: Running = {
    origin,
    token,
    as: async (name) => {
      const held = await token(name)
      return createClient({ baseUrl: origin, token: () => held })
    },
    cutPower: async () => {
      const all = await below(child.pid!)
      child.kill('SIGKILL')
      for (const pid of all) {
        try {
          process.kill(pid, 'SIGKILL')
        } catch {
          // It went with its parent.
        }
      }
      await gone
      running.delete(host)
    },
  }
  running.add(host)
  return host
}

const sql = (text: string) => ({ dataset: 'crowd', language: 'sql', mode: 'rules', code: text }) as const

const people = Array.from({ length: 420 }, (_, i) => `p${i},${20 + ((i * 7) % 60)},${i % 3 === 0 ? 'north' : 'south'}`)
const crowd = {
  name: 'crowd',
  title: 'A crowd',
  files: { 'people.csv': `id,age,site\n${people.join('\n')}\n` },
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
          { name: 'site', type: 'category', categories: ['north', 'south'] },
        ],
      },
    ],
  },
  policy: { budget: { epsilon: 40, delta: 1e-6 } },
} satisfies Parameters<typeof register>[2]

const ageCode = (before: string): string => `import json, os, time
${before}
rows = open(os.environ["DATA_ROOT"] + "/catalogs/crowd/people.csv").read().splitlines()[1:]
age = sum(int(r.split(",")[1]) for r in rows) / len(rows)
json.dump({"outputs": [{"type": "scalar", "name": "age", "value": age, "subjects": len(rows)}]}, open(os.environ["CLOISTER_OUTPUT"] + "/result.json", "w"))
`

/** Takes part in the first live study that has a link, sealed as the participant's page seals. */
async function takePart(rosa: Client, organisationId: string): Promise<Kept['opened']> {
  const { items } = await rosa.studies.list({ params: { organisationId } })
  const { studyId } = items.find((study) => study.state === 'live')!
  const { code } = await rosa.studies.createLink({
    params: { studyId },
    body: { label: 'Kept', kind: 'general' },
  })
  const random = (size: number): Uint8Array<ArrayBuffer> => crypto.getRandomValues(new Uint8Array(size))
  const raw = random(32)
  const key = await importRunKey(raw)
  const participation = await rosa.runs.participation({ params: { code } })
  const { runId, token } = await rosa.runs.start({
    params: { code },
    body: {
      nonce: base64url(random(24)),
      kid: participation.key.kid,
      wrappedKey: await wrapRunKey(raw, participation.key.jwk),
    },
  })
  const times = [412, 388, 501]
  const records: SealedRecord[] = []
  const seal = async (op: Op, body: unknown): Promise<void> => {
    const seq = records.length + 1
    const hashes = await Promise.all(records.map(recordHash))
    const end = op === 'end' ? { last: seq, hash: await runHash(hashes) } : undefined
    const jwe = await sealRecord({ key, runId, seq, op, part: 'main', body, iv: random(12) })
    records.push({ op, part: 'main', jwe, ...(end ? { end } : {}) })
  }
  for (const rt of times) await seal('append', { rt })
  await seal('end', {})
  await rosa.runs.append({
    params: { runId },
    headers: { authorization: `Bearer ${token}` },
    body: { first: 1, records, produced: records.length, position: records.length },
  })
  return { studyId, runId, times }
}

const script = `import os, sys, time
print("begun", flush=True)
time.sleep(float(sys.argv[1]))
open(os.path.join(sys.argv[2], "n.csv"), "w").write("n\\n7\\n")
print("cloister: metric n 7")
`
const waits = {
  name: 'waits',
  title: 'Waits',
  runtime: 'python',
  command: ['python3', 'wait.py', '{{seconds}}', '{{output}}'],
  resources: { memoryMb: 256, seconds: 120 },
  parameters: {
    type: 'object',
    required: ['seconds'],
    properties: { seconds: { type: 'number', minimum: 0, maximum: 90 } },
  },
}
/** Publishes a pipeline, runs it to its end, and answers a run that is at work. */
async function runPipelines(rosa: Client, organisationId: string): Promise<string> {
  const params = { organisationId }
  const file = { path: 'wait.py', size: script.length, sha256: createHash('sha256').update(script).digest('hex') }
  const { uploads } = await rosa.pipelines.uploads({ params, body: { name: waits.name, files: [file] } })
  for (const { upload: link } of uploads)
    if (link) await fetch(link.url, { method: link.method, headers: link.headers, body: script })
  const { pipelineId } = await rosa.pipelines.publish({ params, body: { definition: waits as never, files: [file] } })
  const { experimentId } = await rosa.pipelines.createExperiment({
    params,
    body: { pipelineId, title: 'Kept', parameters: { seconds: 0 } },
  })
  const begin = async (seconds: number): Promise<string> =>
    (await rosa.pipelines.start({ params: { experimentId }, body: { parameters: { seconds } } })).jobId
  const runIs = (jobId: string, state: string) =>
    eventually(`the run is ${state}`, async () => (await rosa.pipelines.run({ params: { jobId } })).state === state, {
      within: 120,
    })
  await runIs(await begin(0), 'succeeded')
  const atWork = await begin(20)
  await runIs(atWork, 'running')
  return atWork
}

async function live(home: string): Promise<Omit<Kept, 'at' | 'testimony' | 'ends'> & { atWork: AtWork[] }> {
  const host = await start(home)
  const [rosa, cleo, anil, chen] = await Promise.all(['rosa', 'cleo', 'anil', 'chen'].map(host.as))
  const { organisationId } = (await cleo!.access.me()).memberships[0]!
  const datasetId = await register(cleo!, organisationId, crowd)
  await ask(anil!, sql('SELECT site, COUNT(*) AS n, AVG(age) AS age FROM people GROUP BY site'))
  await ask(anil!, sql('SELECT COUNT(*) AS n FROM people WHERE age = 20'))
  await ask(anil!, { ...sql('SELECT AVG(age) AS age FROM people'), mode: 'noise', epsilon: 1 })
  await make(cleo!, await upload(cleo!, organisationId, 'adult.csv', await adultCsv()), await adultPlan({ epsilon: 1 }))
  const opened = await takePart(rosa!, organisationId)
  const review = { dataset: 'crowd', language: 'python', mode: 'review', purpose: 'A figure to look at' } as const
  const held = await ask(anil!, { ...review, code: ageCode('') })
  await chen!.jobs.vote({ params: { jobId: held.jobId }, body: { vote: 'approve', comment: '' } })
  await register(cleo!, organisationId, {
    ...crowd,
    name: 'guarded',
    title: 'A guarded crowd',
    policy: { approval: true },
  })
  const unapproved = await ask(anil!, {
    ...sql('SELECT COUNT(*) AS n FROM people'),
    dataset: 'guarded',
    purpose: 'A first look',
  })
  const run = await runPipelines(rosa!, organisationId)
  const slow = await anil!.jobs.ask({
    body: { ...review, dataset: datasetId, mode: 'rules', code: ageCode('time.sleep(15)') },
  })
  await eventually(
    'the script is at work',
    async () => (await anil!.jobs.get({ params: { jobId: slow.jobId } })).state === 'running',
    { within: 120 },
  )
  await host.cutPower()
  const atWork: AtWork[] = [
    { what: 'pipeline-run', jobId: run, who: 'rosa' },
    { what: 'analysis', jobId: slow.jobId, who: 'anil' },
  ]
  return { held: held.jobId, unapproved: unapproved.jobId, opened, atWork }
}

/** Waits for the end of what was at work, and answers its state. */
export async function endOf(client: Client, { what, jobId }: AtWork): Promise<string> {
  if (what === 'analysis') return (await settled(client, jobId, 300)).state
  return eventually(
    'the run of the pipeline has ended',
    async () => {
      const { state } = await client.pipelines.run({ params: { jobId } })
      return ['succeeded', 'failed', 'cancelled'].includes(state) && state
    },
    { within: 300 },
  )
}

/** What everybody says. */
export const witnesses = ['ada', 'rosa', 'cleo', 'anil', 'chen', 'otto'] as const
async function testimony(host: Running): Promise<Testimony> {
  const all: Testimony = {}
  for (const name of witnesses)
    Object.assign(all, await testimonyOf(host.origin, { name, token: await host.token(name) }))
  return all
}
const lasted = /\d s\.$/
/** Values that differ between two starts of one home are of the moment, and left out; so is how long a thing lasted. */
const agreed = (one: Testimony, other: Testimony): Testimony =>
  Object.fromEntries(
    Object.entries(one).filter(([fact, value]) => other[fact] === value && !lasted.test(String(value))),
  )

/** Starts a copy of the home, and answers how what was at work ended and what everybody says then. */
async function continued(
  home: string,
  copy: string,
  atWork: readonly AtWork[],
): Promise<Pick<Kept, 'ends' | 'testimony'>> {
  await cp(home, copy, { recursive: true })
  const host = await start(copy)
  const ends: Kept['ends'] = []
  for (const one of atWork) ends.push({ atWork: one, state: await endOf(await host.as(one.who), one) })
  const said = await testimony(host)
  await host.cutPower()
  return { ends, testimony: said }
}

async function keep(version: string): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'cloister-keep-'))
  try {
    const home = join(folder, 'home')
    const { atWork, ...facts } = await live(home)
    const at = new Date().toISOString()
    const [first, second] = await Promise.all(
      ['first', 'second'].map((name) => continued(home, join(folder, name), atWork)),
    )
    if (JSON.stringify(first!.ends) !== JSON.stringify(second!.ends)) throw new Error('Two starts end differently')
    const { ends } = first!
    const kept: Kept = { at, testimony: agreed(first!.testimony, second!.testimony), ends, ...facts }
    await writeFile(join(folder, 'kept.json'), JSON.stringify(kept))
    execFileSync('tar', ['-czf', join(root, 'test/homes', `${version}.tgz`), '-C', folder, 'home', 'kept.json'])
  } finally {
    await Promise.all([...running].map((host) => host.cutPower()))
    await rm(folder, { recursive: true, force: true })
  }
}

const version = process.argv[2]
if (import.meta.main && version) await keep(version)
