/**
 * Opening results where the reader is: the server hands out run keys and sealed records, and this code checks and
 * decrypts them. Keys and content stay in memory; nothing here stores or logs them.
 */
import { fromBase64url, sha256Hex } from '../../domain/hash.ts'
import { type OpenedRecord, trialsOf, withObject } from '../../domain/runs/opened.ts'
import { importRunKey, openRecord, type Place } from '../../domain/runs/sealing.ts'
import type { Client } from '../api.ts'
import type { Finding, OpenedRun, RunRow } from './model.ts'
import { filesOf, sessionOf } from './rows.ts'
import { type Numbered, verifySealed } from './verify.ts'

/** Runs whose keys are asked for in one request; also the most that the server takes. */
export const openingPage = 50

export interface OpenOptions {
  studyId: string
  /** Why the results are opened; kept in the audit chain with each run. At least 10 characters. */
  purpose: string
  runIds: readonly string[]
  signal?: AbortSignal | undefined
  /** Told after each page of records: which run, how many of its records have been fetched, and how many it has. */
  onRecords?: (p: { runId: string; fetched: number; of: number }) => void
  fetch?: typeof fetch
}

type Sealed = Awaited<ReturnType<Client['runs']['sealed']>>['records'][number]
interface Keyed {
  runId: string
  key: string
  row: RunRow
}

async function download(o: OpenOptions, r: Sealed): Promise<Uint8Array<ArrayBuffer>> {
  if (!r.download || !r.object) throw new Error('no link')
  const answer = await (o.fetch ?? fetch)(r.download.url, {
    method: r.download.method,
    headers: r.download.headers,
    ...(o.signal ? { signal: o.signal } : {}),
  })
  if (!answer.ok) throw new Error(`status ${answer.status}`)
  const bytes = new Uint8Array(await answer.arrayBuffer())
  if (bytes.length !== r.object.size || (await sha256Hex(bytes)) !== r.object.sha256) throw new Error('other bytes')
  return bytes
}

async function sealedRecords(client: Client, o: OpenOptions, run: Keyed): Promise<Sealed[]> {
  const records: Sealed[] = []
  for (let from: number | undefined = 1; from !== undefined;) {
    const page: Awaited<ReturnType<Client['runs']['sealed']>> = await client.runs.sealed({
      params: { runId: run.runId },
      query: { from },
      ...(o.signal ? { signal: o.signal } : {}),
    })
    records.push(...page.records)
    o.onRecords?.({ runId: run.runId, fetched: records.length, of: Math.max(records.length, run.row.received) })
    from = page.next
  }
  return records
}

/** Fetches, verifies and decrypts one run. What cannot be opened becomes a finding; the rest is still there. */
async function openRun(client: Client, o: OpenOptions, run: Keyed): Promise<OpenedRun> {
  const sealed = await sealedRecords(client, o, run)
  const findings: Finding[] = await verifySealed(sealed as Numbered[])
  const key = await importRunKey(fromBase64url(run.key))
  const records: OpenedRecord[] = []
  for (const r of sealed) {
    o.signal?.throwIfAborted()
    const place: Place = { runId: run.runId, seq: r.seq, op: r.op, part: r.part }
    let value: unknown
    try {
      value = await openRecord(key, r.jwe, place)
    } catch {
      findings.push({
        kind: 'unopenable',
        seq: r.seq,
        message: `Record ${r.seq} cannot be opened with the key of its run.`,
      })
      continue
    }
    if (!r.object) {
      records.push({ seq: r.seq, op: r.op, part: r.part, value })
      continue
    }
    try {
      records.push(await withObject(key, place, value, await download(o, r)))
    } catch (e) {
      o.signal?.throwIfAborted()
      const why =
        e instanceof Error && e.message === 'other bytes'
          ? 'is not the one that was sent'
          : 'cannot be fetched or opened'
      findings.push({ kind: 'object', seq: r.seq, message: `The stored content of record ${r.seq} ${why}.` })
    }
  }
  return {
    row: run.row,
    records,
    trials: trialsOf(run.row, records),
    session: sessionOf(records),
    files: filesOf(records),
    findings,
  }
}

/**
 * Opens runs one after the other, in the order given, and yields each as soon as it is open. Each run is one event in
 * the audit chain, written by the server before it hands out the key. Throws `ProblemError` (`login-too-old`,
 * `forbidden`, `run-withdrawn`, …) and, when cancelled, the signal's reason.
 */
export async function* openRuns(client: Client, o: OpenOptions): AsyncGenerator<OpenedRun> {
  for (let i = 0; i < o.runIds.length; i += openingPage) {
    const { runs } = await client.runs.open({
      params: { studyId: o.studyId },
      body: { purpose: o.purpose, runIds: o.runIds.slice(i, i + openingPage) },
      ...(o.signal ? { signal: o.signal } : {}),
    })
    for (const run of runs) yield await openRun(client, o, run)
  }
}
