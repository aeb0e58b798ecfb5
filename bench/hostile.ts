/**
 * One hostile request, of whatever role and within the limits of size, must not hold up anybody else: bodies made to be
 * slow are sent to every route, one at a time, as a stranger, a participant, a member of each role and an admin of
 * another organisation, while a thread of its own does what people do (an append and a read, in turn) and measures how
 * long they take. Prints the worst places, and last one line of JSON. `--quick` takes the most telling ones.
 *
 * `--only TEXT` sends those alone whose name or path has the text.
 */
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { Agent, request } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { Worker } from 'node:worker_threads'
import { createClient } from '../clients/api.ts'
import { allRoutes } from '../contracts/index.ts'
import { fillPath, type Route } from '../contracts/route.ts'
import { demoPassword } from '../local/demo/seed.ts'
import { freePort, Visitor } from '../local/testing.ts'
import { demoHome } from '../test/demo-home.ts'
import { eventually } from '../test/eventually.ts'
import { type Attack, handMade, type World } from './hostile/attacks.ts'
import { shaped, shapeless } from './hostile/bodies.ts'
import type { Loop } from './hostile/loop.ts'
import type { Ask, Probed } from './hostile/probe.ts'
import { atMost, report } from './report.ts'

const { values } = parseArgs({
  options: { quick: { type: 'boolean', default: false }, only: { type: 'string', default: '' } },
})
const goalMilliseconds = 250
const probeMilliseconds = 10

const home = await demoHome('cloister-hostile-')
const port = await freePort()
const origin = `http://127.0.0.1:${port}`
const host = spawn(
  process.execPath,
  [
    '--disable-warning=ExperimentalWarning',
    '--import',
    new URL('./hostile/loop.ts', import.meta.url).href,
    fileURLToPath(new URL('../local/run.ts', import.meta.url)),
  ],
  {
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    env: { ...process.env, CLOISTER_PORT: String(port), CLOISTER_HOME: home, CLOISTER_KEPT: '' },
  },
)
let said = ''
let hostEnded = false
host.stdout!.on('data', (part: Buffer) => {
  said += part.toString()
})
host.once('exit', () => {
  hostEnded = true
})
await eventually('the host is ready', () => said.includes('Cloister is ready') || hostEnded, { within: 120 })

/** What the host's main thread did since it was asked before. */
const loop = (): Promise<Loop> =>
  new Promise((resolve) => {
    host.once('message', (message) => resolve((message as { loop: Loop }).loop))
    host.send('loop')
  })

// -------- the world, as the demo made it
const tokenOf = async (name: string): Promise<string> =>
  (await new Visitor(origin).signIn(`${name}@${name === 'sam' ? 'stranger' : 'demo'}.cloister`, demoPassword))
    .access_token
const people = ['rosa', 'ada', 'cleo', 'anil', 'chen', 'otto', 'sam'] as const
const tokens = new Map<string, string>()
for (const name of people) tokens.set(name, await tokenOf(name))
const as = (name: (typeof people)[number]): ReturnType<typeof createClient> =>
  createClient({ baseUrl: origin, token: () => tokens.get(name) })
const rosa = as('rosa')
const { organisationId } = (await rosa.access.me()).memberships[0]!
const studies = (await rosa.studies.list({ params: { organisationId } })).items
const { studyId } = studies.find(({ title }) => title === 'Flanker')!
const [link] = (await rosa.studies.links({ params: { studyId } })).items
const opened = await createClient({ baseUrl: origin, token: () => undefined }).runs.participation({
  params: { code: link!.code },
  query: {},
})
const datasets = (await as('anil').datasets.list({ params: { organisationId }, query: {} })).items
const [experiment] = (await as('rosa').pipelines.experiments({ params: { organisationId }, query: {} })).items
const [pipeline] = (await as('rosa').pipelines.list({ params: { organisationId }, query: {} })).items
const run = await createClient({ baseUrl: origin, token: () => undefined }).runs.start({
  params: { code: link!.code },
  body: {
    nonce: randomBytes(24).toString('base64url'),
    kid: opened.key.kid,
    wrappedKey: randomBytes(384).toString('base64url'),
  },
})
tokens.set('participant', run.token)
const world: World = {
  organisationId,
  studyId,
  runId: run.runId,
  code: link!.code,
  dataset: datasets[0]!.datasetId,
  datasetId: datasets[0]!.datasetId,
  pipelineId: pipeline?.pipelineId ?? 'pip_aaaaaaaaaaaaaaaa',
  experimentId: experiment?.experimentId ?? 'exp_aaaaaaaaaaaaaaaa',
}

// -------- others, who must not notice
const record = (seq: number): object => {
  const head = Buffer.from(
    JSON.stringify({ alg: 'dir', enc: 'A256GCM', run: run.runId, seq, op: 'append', part: 'trials' }),
  ).toString('base64url')
  const sealed = `${head}..${randomBytes(12).toString('base64url')}.${randomBytes(3000).toString('base64url')}.${randomBytes(16).toString('base64url')}`
  return { op: 'append', part: 'trials', jwe: sealed }
}
const json = { 'content-type': 'application/json' }
/** The same chunk again is looked up and compared: as much work as a new one, any number of times. */
const others: Ask[] = [
  {
    method: 'POST',
    url: `${origin}/api/runs/${run.runId}/records`,
    headers: { ...json, authorization: `Bearer ${run.token}` },
    body: JSON.stringify({ first: 1, records: [record(1)], produced: 1, position: 1 }),
  },
  {
    method: 'GET',
    url: `${origin}/api/studies/${studyId}/runs`,
    headers: { authorization: `Bearer ${tokens.get('ada')}` },
  },
]
const probed: Probed[] = []
const prober = new Worker(new URL('./hostile/probe.ts', import.meta.url), {
  workerData: { asks: others, everyMilliseconds: probeMilliseconds },
})
prober.on('message', (one: Probed) => probed.push(one))
const now = (): number => performance.timeOrigin + performance.now()

const quantile = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
const sortedTimes = (from: number, to: number): number[] =>
  probed
    .filter(({ at, ms }) => at + ms >= from && at <= to)
    .map(({ ms }) => ms)
    .sort((a, b) => a - b)

await pause(values.quick ? 1000 : 3000)
const quietFrom = now()
await pause(values.quick ? 1500 : 10_000)
const idle = sortedTimes(quietFrom, now())
const idleP99 = quantile(idle, 0.99)

// -------- the attacks
const agent = new Agent({ keepAlive: true, maxSockets: 1 })
/** The status of the answer; 0 where the connection was cut. */
const send = ({ method, path, headers = json, text }: Attack, token: string | undefined): Promise<number> =>
  new Promise((resolve) => {
    const sent = request(
      `${origin}${path}`,
      { method, agent, headers: { ...(token ? { authorization: `Bearer ${token}` } : {}), ...headers } },
      (answer) => {
        answer
          .resume()
          .on('end', () => resolve(answer.statusCode!))
          .on('error', () => resolve(0))
      },
    )
    sent.on('error', () => resolve(0))
    if (text !== '') sent.setHeader('content-length', Buffer.byteLength(text))
    sent.end(text === '' ? undefined : text)
  })

interface Outcome {
  name: string
  role: string
  status: number
  /** The longest that anybody else waited. */
  othersMs: number
  loopMs: number
  cpuMs: number
}
const outcomes: Outcome[] = []
async function attack(one: Attack, role: string): Promise<void> {
  const before = await loop()
  const from = now()
  const status = await send(one, tokens.get(role))
  await pause(2 * probeMilliseconds)
  const after = await loop()
  const othersMs = sortedTimes(from, now()).at(-1) ?? 0
  outcomes.push({
    name: one.name,
    role,
    status,
    othersMs: Math.round(othersMs),
    loopMs: Math.round(after.longestMs),
    cpuMs: Math.round(after.cpuMs - before.cpuMs),
  })
}

/** Who is likely to get furthest at a route, first. */
function rolesFor(route: Route): string[] {
  const { kind } = route.access
  if (kind === 'run-token') return ['participant', 'nobody']
  if (kind === 'anyone') return ['nobody']
  const all = ['ada', 'rosa', 'cleo', 'anil', 'sam', 'nobody']
  return values.quick ? all.slice(0, 2) : all
}
const fill = (route: Route): string => {
  const names = Object.keys(route.params?.shape ?? {})
  const params = Object.fromEntries(names.map((name) => [name, world[name] ?? `${name.slice(0, 3)}_aaaaaaaaaaaaaaaa`]))
  return fillPath(route.path, params)
}
const wanted = ({ name, path }: Attack): boolean => `${name} ${path}`.includes(values.only)

/** In the quick form: of each function the largest body alone, in two shapes. */
const routes = allRoutes.filter(({ route }) => route.body !== undefined && !route.stream)
for (const { area, name, route } of routes) {
  const path = fill(route)
  const bodies = [
    ...shapeless(route.maxBody ?? 1024 * 1024).slice(0, values.quick ? 1 : undefined),
    ...shaped(route, values.quick),
  ]
  for (const { name: shape, text } of bodies) {
    const one: Attack = { name: `${area}.${name}: ${shape}`, method: route.method as 'POST', path, text }
    if (!wanted(one)) continue
    for (const role of values.quick ? rolesFor(route).slice(0, 1) : rolesFor(route)) await attack(one, role)
  }
}
const likely = [
  ['/api/jobs', 'anil'],
  ['/oidc', 'nobody'],
] as const
for (const one of handMade(world).filter(wanted)) {
  await attack(one, likely.find(([path]) => one.path.startsWith(path))?.[1] ?? 'rosa')
}

// -------- what came of it
const alive =
  !hostEnded &&
  (await fetch(`${origin}/api/sign-in`)
    .then((answer) => answer.ok)
    .catch(() => false))
await prober.terminate()
host.kill('SIGTERM')
if (!hostEnded)
  await new Promise((resolve) => {
    host.once('exit', resolve)
  })
await rm(home, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 })

const worst = outcomes.toSorted((a, b) => b.othersMs - a.othersMs)
const padded = (ms: number, what: string): string => `${String(ms).padStart(6)} ms ${what}`
for (const { othersMs, loopMs, cpuMs, status, role, name } of worst.slice(0, 25)) {
  const times = [padded(othersMs, 'others'), padded(loopMs, 'loop'), padded(cpuMs, 'cpu')]
  console.log(`${times.join('  ')}  ${status}  ${role.padEnd(11)} ${name}`)
}
const failed = outcomes.filter(({ status }) => status === 0 || (status >= 500 && status !== 503))
for (const { name, role, status } of failed) console.log(`failed: ${status} ${role} ${name}`)
const delays = worst.map(({ othersMs }) => Math.max(0, othersMs - idleP99)).toReversed()
report(
  'hostile',
  values.quick,
  {
    requests: outcomes.length,
    idleP99Ms: Math.round(idleP99),
    delayP99Ms: Math.round(quantile(delays, 0.99)),
    delayWorstMs: Math.round(delays.at(-1) ?? 0),
    worst: worst[0]?.name,
  },
  {
    delayMs: atMost(goalMilliseconds, Math.round(delays.at(-1) ?? 0)),
    failed: atMost(0, failed.length),
    hostEnded: atMost(0, alive ? 0 : 1),
  },
)
process.exit(0)
