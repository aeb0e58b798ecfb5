/**
 * Ingest under load, against the local host as it is: 100 participants at once send 100 appends of 5 KB each over HTTP, with authorisation and storage.
 * In the same run, in alternating blocks, the same process puts items of the same size conditionally and bare into the same store, so that what
 * else the machine does hits both. `--quick` does a tenth. Prints last one line of JSON.
 */
import { fork } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { Agent, request } from 'node:http'
import { availableParallelism, cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { DynamoDBDocumentClient, PutCommand } from '@aws-sdk/lib-dynamodb'
import { base64url } from '../domain/hash.ts'
import { recordHash, runHash, type SealedRecord } from '../domain/runs/records.ts'
import type { Ready } from './ingest-host.ts'

const { values } = parseArgs({ options: { quick: { type: 'boolean', default: false }, port: { type: 'string', default: '4700' } } })
const participants = 100
const appends = values.quick ? 20 : 100
const perBlock = values.quick ? 5 : 10
const bodyBytes = 5000
const aloneRuns = values.quick ? 5 : 15

const home = await mkdtemp(join(tmpdir(), 'cloister-ingest-'))
const child = fork(fileURLToPath(new URL('./ingest-host.ts', import.meta.url)), [values.port, home], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
const ready = await new Promise<Ready>((resolve, reject) => { child.once('message', (m) => resolve(m as Ready)); child.once('exit', (code) => reject(new Error(`The host ended with ${code}`))) })

const agent = new Agent({ keepAlive: true, maxSockets: participants })
interface Reply { status: number; body: string }
const http = (method: string, path: string, authorization: string | undefined, body?: string | Buffer): Promise<Reply> => new Promise((resolve, reject) => {
  const r = request(path.startsWith('http') ? path : `${ready.mainOrigin}${path}`, { method, agent, headers: { ...(authorization ? { authorization } : {}), ...(body === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }) } }, (answer) => {
    let text = ''
    answer.setEncoding('utf8').on('data', (d: string) => { text += d }).on('end', () => resolve({ status: answer.statusCode!, body: text })).on('error', reject)
  })
  r.on('error', reject).end(body)
})
async function api<T>(method: string, path: string, body?: unknown, authorization = `Bearer ${ready.token}`): Promise<T> {
  const r = await http(method, path, authorization, body === undefined ? undefined : JSON.stringify(body))
  if (r.status >= 400) throw new Error(`${method} ${path}: ${r.status} ${r.body}`)
  return (r.body ? JSON.parse(r.body) : undefined) as T
}

const encode = (s: string): string => base64url(new TextEncoder().encode(s))
const tail = `..${base64url(randomBytes(12))}.`
const record = (run: string, seq: number, op: 'append' | 'end' = 'append'): SealedRecord => {
  const head = encode(JSON.stringify({ alg: 'dir', enc: 'A256GCM', run, seq, op, part: 'trials' }))
  const tag = base64url(randomBytes(16))
  return { op, part: 'trials', jwe: `${head}${tail}${base64url(randomBytes(Math.floor((bodyBytes - head.length - tail.length - tag.length - 1) * 0.75)))}.${tag}` }
}

interface Participant { runId: string; authorization: string; records: SealedRecord[]; bodies: string[]; ms: number[]; through: number }
async function takePart(code: string, n: number): Promise<Participant> {
  const { runId, token } = await api<{ runId: string; token: string }>('POST', `/api/participate/${code}/runs`, { nonce: `bench-participant-${n}-${randomBytes(6).toString('hex')}`, kid: ready.kid, wrappedKey: base64url(randomBytes(384)) }, '')
  const records = Array.from({ length: appends }, (_, i) => record(runId, i + 1))
  // Made beforehand: the bench measures the server, not its own encoding.
  return { runId, authorization: `Bearer ${token}`, records, bodies: records.map((r, i) => JSON.stringify({ first: i + 1, records: [r], produced: i + 1, position: i + 1 })), ms: [], through: 0 }
}
async function append(p: Participant, i: number): Promise<void> {
  const began = performance.now()
  const r = await http('POST', `/api/runs/${p.runId}/records`, p.authorization, p.bodies[i])
  p.ms.push(performance.now() - began)
  if (r.status !== 200) throw new Error(`append ${i + 1}: ${r.status} ${r.body}`)
  p.through = i + 1
}

const store = DynamoDBDocumentClient.from(new DynamoDBClient({ endpoint: ready.store, region: 'local', credentials: { accessKeyId: 'local', secretAccessKey: 'local' }, requestHandler: { httpAgent: { keepAlive: true, maxSockets: participants } } }))
const text = randomBytes(Math.ceil(bodyBytes * 0.75)).toString('base64url').slice(0, bodyBytes)
const barePut = (worker: number, i: number) => store.send(new PutCommand({ TableName: 'cloister', Item: { pk: `BENCH#${worker}`, sk: String(i).padStart(10, '0'), text }, ConditionExpression: 'attribute_not_exists(#k)', ExpressionAttributeNames: { '#k': 'pk' } }))

const timed = async (work: () => Promise<unknown>): Promise<number> => { const began = performance.now(); await work(); return performance.now() - began }
const all = (work: (n: number) => Promise<unknown>): Promise<unknown> => Promise.all(Array.from({ length: participants }, (_, n) => work(n)))
const quantile = (x: number[], q: number): number => x.toSorted((a, b) => a - b)[Math.min(x.length - 1, Math.floor(x.length * q))]!
const round = (x: number, digits = 1): number => Number(x.toFixed(digits))

try {
  const { studyId } = await api<{ studyId: string }>('POST', `/api/organisations/${ready.organisationId}/studies`, { title: 'Bench', requestId: crypto.randomUUID() })
  const configuration = { kind: 'timeline', timeline: [{ type: '@jspsych/plugin-html-keyboard-response', stimulus: 'Press a key' }] }
  await api('POST', `/api/studies/${studyId}/versions`, { configuration, assets: [] })
  const { rev } = await api<{ rev: number }>('GET', `/api/studies/${studyId}`)
  await api('POST', `/api/studies/${studyId}/state`, { state: 'live', rev })
  const { code } = await api<{ code: string }>('POST', `/api/studies/${studyId}/links`, { kind: 'general' })

  // Warm: both sides have run their code and opened their connections before anything is measured.
  const warm = await Promise.all(Array.from({ length: participants }, (_, n) => takePart(code, 10_000 + n)))
  for (let i = 0; i < 10; i++) await all((n) => append(warm[n]!, i))
  for (let i = 0; i < 10; i++) await all((n) => barePut(10_000 + n, i))

  const startMs = performance.now()
  const crowd = await Promise.all(Array.from({ length: participants }, (_, n) => takePart(code, n)))
  const startsMs = performance.now() - startMs

  let appendMs = 0, bareMs = 0
  for (let from = 0; from < appends; from += perBlock) {
    const ours = async (): Promise<void> => { appendMs += await timed(() => all(async (n) => { for (let i = from; i < from + perBlock; i++) await append(crowd[n]!, i) })) }
    const bare = async (): Promise<void> => { bareMs += await timed(() => all(async (n) => { for (let i = from; i < from + perBlock; i++) await barePut(n, i) })) }
    // Which goes first alternates too.
    if ((from / perBlock) % 2 === 0) { await ours(); await bare() } else { await bare(); await ours() }
  }
  // One participant alone: how an append's cost grows with its run, without a queue in front of it.
  const alone: Participant[] = []
  for (let n = 0; n < aloneRuns; n++) {
    const p = await takePart(code, 20_000 + n)
    for (let i = 0; i < appends; i++) await append(p, i)
    alone.push(p)
  }
  const growth = quantile(alone.map((p) => p.ms.at(-1)!), 0.5) / quantile(alone.map((p) => p.ms[0]!), 0.5)

  // Everything acknowledged is there once, in order, with its bytes, and the run is complete.
  let lost = 0, duplicated = 0, altered = 0, incomplete = 0
  for (const p of [...crowd, ...alone]) {
    const end = { ...record(p.runId, appends + 1, 'end'), end: { last: appends + 1, hash: await runHash(await Promise.all(p.records.map(recordHash))) } }
    const { state } = await api<{ state: string }>('POST', `/api/runs/${p.runId}/records`, { first: appends + 1, records: [end], produced: appends + 1, position: appends }, p.authorization)
    if (state !== 'completed') incomplete++
    const seen = new Map<number, number>()
    for (let from: number | undefined = 1; from !== undefined;) {
      const page: { records: { seq: number; jwe: string }[]; next?: number } = await api('GET', `/api/runs/${p.runId}/sealed?from=${from}`)
      for (const r of page.records) {
        seen.set(r.seq, (seen.get(r.seq) ?? 0) + 1)
        if (r.seq <= appends && r.jwe !== p.records[r.seq - 1]!.jwe) altered++
      }
      from = page.next
    }
    for (let seq = 1; seq <= p.through; seq++) if (!seen.has(seq)) lost++
    for (const times of seen.values()) duplicated += times - 1
  }

  const total = participants * appends
  const ms = crowd.flatMap((p) => p.ms)
  const [perSecond, barePerSecond] = [(total / appendMs) * 1000, (total / bareMs) * 1000]
  const ratio = perSecond / barePerSecond
  const loaded = quantile(crowd.map((p) => p.ms.at(-1)!), 0.5) / quantile(crowd.map((p) => p.ms[0]!), 0.5)
  const figures = {
    participants, appends: total, bytesEach: bodyBytes, appendsPerSecond: round(perSecond), p50Ms: round(quantile(ms, 0.5)), p95Ms: round(quantile(ms, 0.95)), p99Ms: round(quantile(ms, 0.99)),
    barePutsPerSecond: round(barePerSecond), ratioToBarePuts: round(ratio, 3), lastToFirstAlone: round(growth, 2), lastToFirstLoaded: round(loaded, 2), aloneP50Ms: round(quantile(alone.flatMap((p) => p.ms), 0.5), 2),
    startsPerSecond: round((participants / startsMs) * 1000), lost, duplicated, altered, incomplete,
  }
  process.stdout.write(`${Object.entries(figures).map(([k, v]) => `${k.padEnd(20)} ${v}`).join('\n')}\n`)
  const goals = {
    lost: { goal: 0, got: lost, met: lost === 0 }, duplicated: { goal: 0, got: duplicated, met: duplicated === 0 }, altered: { goal: 0, got: altered, met: altered === 0 },
    ratioToBarePuts: { goal: 0.5, got: figures.ratioToBarePuts, met: ratio >= 0.5 }, lastToFirst: { goal: 1.2, got: figures.lastToFirstAlone, met: growth <= 1.2 },
  }
  process.stdout.write(`${JSON.stringify({ bench: 'ingest', quick: values.quick, machine: { cpus: availableParallelism(), model: cpus()[0]?.model ?? '', node: process.version }, figures, goals })}\n`)
} finally {
  agent.destroy()
  store.destroy()
  const ended = new Promise((r) => child.once('exit', r))
  child.disconnect()
  await ended
  await rm(home, { recursive: true, force: true })
}
