/**
 * Ingest under load, against the local host as it is: 100 participants at once send 100 appends of 5 KB each over HTTP,
 * with authorisation (the run's token) and storage. `--quick` does a fiftieth. Prints last one line of JSON.
 *
 * Throughput is compared with bare conditional puts: the host's own adapter of the table (adapters/local/table.ts) in
 * this process, nothing around it, 100 at once, items of the size of one record as sealed, durable when they are
 * answered. An append costs a request over HTTP besides, so the same put is measured behind a bare HTTP server as well
 * (ingest-floor.ts): the same bodies from the same sender over as many connections. That floor is what the goal is held
 * against. Blocks of each kind take turns, those of one round give ratios, and the median of the ratios counts, so that
 * what else the machine does hits all sides.
 *
 * Whether an append grows slower as its run grows longer is asked of both ends at the same moment: half of the
 * participants send their last appends while the same number of newcomers send their first, together as many as ever.
 * Comparing an early moment with a late one instead would measure how busy the machine was then.
 */
import { fork } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { Agent, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { localTable } from '../adapters/local/table.ts'
import { makeTable } from '../adapters/local/table-folder.ts'
import { freePort } from '../local/testing.ts'
import { recordHash, runHash, type SealedRecord } from '../domain/runs/records.ts'
import type { Ready } from './ingest-host.ts'
import { atLeast, atMost, report } from './report.ts'

const { values } = parseArgs({
  options: { quick: { type: 'boolean', default: false } },
})
const participants = values.quick ? 20 : 100
const appends = values.quick ? 10 : 100
const perBlock = values.quick ? 5 : 10
const bodyBytes = 5000
const half = participants / 2

const home = await mkdtemp(join(tmpdir(), 'cloister-ingest-'))
const child = fork(fileURLToPath(new URL('./ingest-host.ts', import.meta.url)), [String(await freePort()), home], {
  stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
})
const ready = await new Promise<Ready>((resolve, reject) => {
  child.once('message', (m) => resolve(m as Ready))
  child.once('exit', (code) => reject(new Error(`The host ended with ${code}`)))
})

const floorFolder = await mkdtemp(join(tmpdir(), 'cloister-floor-'))
const floor = fork(fileURLToPath(new URL('./ingest-floor.ts', import.meta.url)), [floorFolder], {
  stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
})
const floorPort = await new Promise<number>((resolve, reject) => {
  floor.once('message', (port) => resolve(port as number))
  floor.once('exit', (code) => reject(new Error(`The floor ended with ${code}`)))
})

const agent = new Agent({ keepAlive: true, maxSockets: participants })
interface Reply {
  status: number
  body: string
}
const http = (
  method: string,
  path: string,
  authorization: string | undefined,
  body?: string | Buffer,
): Promise<Reply> =>
  new Promise((resolve, reject) => {
    const sent = request(
      path.startsWith('http') ? path : `${ready.mainOrigin}${path}`,
      {
        method,
        agent,
        headers: {
          ...(authorization ? { authorization } : {}),
          ...(body === undefined
            ? {}
            : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }),
        },
      },
      (answer) => {
        let text = ''
        answer
          .setEncoding('utf8')
          .on('data', (part: string) => {
            text += part
          })
          .on('end', () => resolve({ status: answer.statusCode!, body: text }))
          .on('error', reject)
      },
    )
    sent.on('error', reject).end(body)
  })
async function api<T>(
  method: string,
  path: string,
  body?: unknown,
  authorization = `Bearer ${ready.token}`,
): Promise<T> {
  const reply = await http(method, path, authorization, body === undefined ? undefined : JSON.stringify(body))
  if (reply.status >= 400) throw new Error(`${method} ${path}: ${reply.status} ${reply.body}`)
  return (reply.body ? JSON.parse(reply.body) : undefined) as T
}

const random = (bytes: number): string => randomBytes(bytes).toString('base64url')
const tail = `..${random(12)}.`
/** A record of 5 KB as sealed: header, iv, ciphertext and tag. */
const record = (run: string, seq: number, op: 'append' | 'end' = 'append'): SealedRecord => {
  const head = Buffer.from(JSON.stringify({ alg: 'dir', enc: 'A256GCM', run, seq, op, part: 'trials' })).toString(
    'base64url',
  )
  const tag = random(16)
  return {
    op,
    part: 'trials',
    jwe: `${head}${tail}${random(Math.floor((bodyBytes - head.length - tail.length - tag.length - 1) * 0.75))}.${tag}`,
  }
}

interface Participant {
  runId: string
  authorization: string
  bodies: Buffer[]
  ms: number[]
  through: number
}
/**
 * Starts a run with everything it will send made beforehand, outside the heap: the bench measures the server, not its
 * own encoding and collecting.
 */
async function takePart(code: string, index: number, count: number): Promise<Participant> {
  const { runId, token } = await api<{ runId: string; token: string }>(
    'POST',
    `/api/participate/${code}/runs`,
    { nonce: `bench-participant-${index}-${randomBytes(6).toString('hex')}`, kid: ready.kid, wrappedKey: random(384) },
    '',
  )
  const bodies = Array.from({ length: count }, (_, i) =>
    Buffer.from(JSON.stringify({ first: i + 1, records: [record(runId, i + 1)], produced: i + 1, position: i + 1 })),
  )
  return { runId, authorization: `Bearer ${token}`, bodies, ms: [], through: 0 }
}
async function append(participant: Participant): Promise<void> {
  const began = performance.now()
  const reply = await http(
    'POST',
    `/api/runs/${participant.runId}/records`,
    participant.authorization,
    participant.bodies[participant.through],
  )
  participant.ms.push(performance.now() - began)
  if (reply.status !== 200) throw new Error(`append ${participant.through + 1}: ${reply.status} ${reply.body}`)
  participant.through++
}
const appendTimes = async (participant: Participant, times: number): Promise<void> => {
  for (let i = 0; i < times; i++) await append(participant)
}

// A store of the same making beside the host's, on the same disk.
const beside = await mkdtemp(join(tmpdir(), 'cloister-bare-'))
await makeTable(join(beside, 'store'), () => {})
const table = await localTable({
  folder: join(beside, 'store'),
  failed: (failure) => {
    throw failure
  },
})
const text = random(bodyBytes).slice(0, bodyBytes)
let serial = 0
const nextKey = (worker: number): { pk: string; sk: string } => ({
  pk: `BENCH#${worker}`,
  sk: String(serial++).padStart(10, '0'),
})
const barePut = (worker: number): Promise<unknown> => table.create({ ...nextKey(worker), text })

const floorBodies = Array.from({ length: perBlock }, (_, i) =>
  Buffer.from(JSON.stringify({ first: i + 1, records: [record('floor', i + 1)], produced: i + 1, position: i + 1 })),
)
/** The same bodies to the bare HTTP server, one after the other. */
async function floorPuts(worker: number): Promise<void> {
  for (const body of floorBodies) {
    const { status } = await http('POST', `http://127.0.0.1:${floorPort}/${worker}`, undefined, body)
    if (status !== 200) throw new Error(`floor: ${status}`)
  }
}

const all = (work: (n: number) => Promise<unknown>): Promise<unknown> =>
  Promise.all(Array.from({ length: participants }, (_, n) => work(n)))
const repeated =
  (put: (worker: number) => Promise<unknown>) =>
  async (worker: number): Promise<void> => {
    for (let i = 0; i < perBlock; i++) await put(worker)
  }
interface Block {
  ms: number
  cpuMs: number
}
/** What the host has used of the processors so far, in milliseconds. */
const hostCpu = (): Promise<number> =>
  new Promise((resolve) => {
    child.once('message', (used) => resolve(used as number))
    child.send('cpu')
  })
/** A block of all participants at once: how long it took, and this process's own part of the work. */
async function block(work: (n: number) => Promise<unknown>): Promise<Block> {
  const [cpu, began] = [process.cpuUsage(), performance.now()]
  await all(work)
  const ms = performance.now() - began
  const { user, system } = process.cpuUsage(cpu)
  return { ms, cpuMs: (user + system) / 1000 }
}
const quantile = (x: number[], q: number): number =>
  x.toSorted((a, b) => a - b)[Math.min(x.length - 1, Math.floor(x.length * q))]!
const round = (x: number, digits = 1): number => Number(x.toFixed(digits))

try {
  const { studyId } = await api<{ studyId: string }>('POST', `/api/organisations/${ready.organisationId}/studies`, {
    title: 'Bench',
    requestId: crypto.randomUUID(),
  })
  const configuration = {
    kind: 'timeline',
    timeline: [{ type: '@jspsych/plugin-html-keyboard-response', stimulus: 'Press a key' }],
  }
  await api('POST', `/api/studies/${studyId}/versions`, { configuration, assets: [] })
  const { rev } = await api<{ rev: number }>('GET', `/api/studies/${studyId}`)
  await api('POST', `/api/studies/${studyId}/state`, { state: 'live', rev })
  const { code } = await api<{ code: string }>('POST', `/api/studies/${studyId}/links`, { kind: 'general' })

  // Warm: every side has run its code and opened its connections before anything is measured.
  const warm = await Promise.all(
    Array.from({ length: participants }, (_, n) => takePart(code, 10_000 + n, 2 * perBlock)),
  )
  for (let i = 0; i < 2; i++)
    for (const work of [(n: number) => appendTimes(warm[n]!, perBlock), floorPuts, repeated(barePut)]) await all(work)

  const startMs = performance.now()
  const crowd = await Promise.all(Array.from({ length: participants }, (_, n) => takePart(code, n, appends)))
  const startsMs = performance.now() - startMs

  const took: Record<'append' | 'floor' | 'bare', Block[]> = { append: [], floor: [], bare: [] }
  const rounds = appends / perBlock - 1
  let newcomers: Participant[] = []
  let hostCpuMs = 0
  for (let i = 0; i < rounds; i++) {
    // Ready before the last round, so that nothing lies between it and the comparison below.
    if (i === rounds - 1)
      newcomers = await Promise.all(
        Array.from({ length: participants }, (_, n) => takePart(code, 20_000 + n, perBlock)),
      )
    const round: [keyof typeof took, (n: number) => Promise<unknown>][] = [
      ['bare', repeated(barePut)],
      ['floor', floorPuts],
      ['append', (n) => appendTimes(crowd[n]!, perBlock)],
    ]
    // Who goes first alternates too; the last round ends with appends.
    for (const [kind, work] of (rounds - i) % 2 === 1 ? round : round.reverse()) {
      const before = await hostCpu()
      took[kind].push(await block(work))
      if (kind === 'append') hostCpuMs += (await hostCpu()) - before
    }
  }
  for (const from of [0, half])
    await all((n) => appendTimes(n < half ? crowd[from + n]! : newcomers[from + n - half]!, perBlock))
  const [firstMs, lastMs] = [
    quantile(
      newcomers.flatMap((p) => p.ms),
      0.5,
    ),
    quantile(
      crowd.flatMap((p) => p.ms.slice(-perBlock)),
      0.5,
    ),
  ]
  const growth = lastMs / firstMs

  // Everything acknowledged is there once, in order, with its bytes, and the run is complete.
  let lost = 0
  let duplicated = 0
  let altered = 0
  let incomplete = 0
  async function check(participant: Participant): Promise<void> {
    const sent = participant.bodies.map((b) => (JSON.parse(b.toString()) as { records: [SealedRecord] }).records[0])
    const last = participant.through + 1
    const end = {
      ...record(participant.runId, last, 'end'),
      end: { last, hash: await runHash(await Promise.all(sent.map(recordHash))) },
    }
    const { state } = await api<{ state: string }>(
      'POST',
      `/api/runs/${participant.runId}/records`,
      { first: last, records: [end], produced: last, position: participant.through },
      participant.authorization,
    )
    if (state !== 'completed') incomplete++
    const seen = new Map<number, number>()
    for (let from: number | undefined = 1; from !== undefined;) {
      const page: { records: { seq: number; jwe: string }[]; next?: number } = await api(
        'GET',
        `/api/runs/${participant.runId}/sealed?from=${from}`,
      )
      for (const entry of page.records) {
        seen.set(entry.seq, (seen.get(entry.seq) ?? 0) + 1)
        if (entry.seq < last && entry.jwe !== sent[entry.seq - 1]!.jwe) altered++
      }
      from = page.next
    }
    for (let seq = 1; seq < last; seq++) if (!seen.has(seq)) lost++
    for (const times of seen.values()) duplicated += times - 1
  }
  const unchecked = [...crowd, ...newcomers]
  await Promise.all(
    Array.from({ length: 8 }, async () => {
      for (let participant = unchecked.pop(); participant; participant = unchecked.pop()) await check(participant)
    }),
  )

  const ms = crowd.flatMap((p) => p.ms)
  const perSecond = (blocks: Block[]): number =>
    round(
      (participants * perBlock * 1000) /
        quantile(
          blocks.map((b) => b.ms),
          0.5,
        ),
    )
  const ownCpu = (blocks: Block[]): number =>
    round(blocks.reduce((n, b) => n + b.cpuMs, 0) / (participants * perBlock * blocks.length), 3)
  const ratios = (other: Block[]): number[] => took.append.map((b, i) => other[i]!.ms / b.ms)
  const figures = {
    participants,
    appends: participants * appends,
    bytesEach: bodyBytes,
    blocks: rounds,
    appendsPerSecond: perSecond(took.append),
    p50Ms: round(quantile(ms, 0.5)),
    p95Ms: round(quantile(ms, 0.95)),
    p99Ms: round(quantile(ms, 0.99)),
    barePutsPerSecond: perSecond(took.bare),
    httpPutsPerSecond: perSecond(took.floor),
    ratioToHttpPuts: round(quantile(ratios(took.floor), 0.5), 3),
    ratiosToHttpPuts: ratios(took.floor).map((x) => round(x, 2)),
    ratioToBarePuts: round(quantile(ratios(took.bare), 0.5), 3),
    ratiosToBarePuts: ratios(took.bare).map((x) => round(x, 2)),
    hostCpuMs: round(hostCpuMs / (rounds * participants * perBlock), 3),
    senderCpuMs: { append: ownCpu(took.append), httpPut: ownCpu(took.floor), barePut: ownCpu(took.bare) },
    firstAppendsMs: round(firstMs),
    lastAppendsMs: round(lastMs),
    lastToFirst: round(growth, 2),
    startsPerSecond: round((participants / startsMs) * 1000),
    lost,
    duplicated,
    altered,
    incomplete,
  }
  process.stdout.write(
    `${Object.entries(figures)
      .map(([k, v]) => `${k.padEnd(20)} ${typeof v === 'object' ? JSON.stringify(v) : v}`)
      .join('\n')}\n`,
  )
  report('ingest', values.quick, figures, {
    lost: atMost(0, lost),
    duplicated: atMost(0, duplicated),
    altered: atMost(0, altered),
    appendsPerSecond: atLeast(2560, figures.appendsPerSecond),
    ratioToHttpPuts: atLeast(0.5, figures.ratioToHttpPuts),
    lastToFirst: atMost(1.2, figures.lastToFirst),
  })
} finally {
  agent.destroy()
  await table.close()
  for (const process of [child, floor]) {
    const ended = new Promise((r) => process.once('exit', r))
    process.disconnect()
    await ended
  }
  for (const folder of [home, beside, floorFolder]) await rm(folder, { recursive: true, force: true })
}
