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

/** Which runs are opened, and what for. */
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
/** A run whose key was handed out. */
interface Keyed {
  runId: string
  /** base64url. */
  key: string
  row: RunRow
}

/** Fetches what was too large for its record. Rejects when it is not there, or is not what was sent. */
async function download({ fetch: ask = fetch, signal }: OpenOptions, record: Sealed): Promise<Uint8Array<ArrayBuffer>> {
  if (!record.download || !record.object) throw new Error('no link')
  const { url, method, headers } = record.download
  const answer = await ask(url, { method, headers, ...(signal ? { signal } : {}) })
  if (!answer.ok) throw new Error(`status ${answer.status}`)
  const bytes = new Uint8Array(await answer.arrayBuffer())
  const { size, sha256 } = record.object
  if (bytes.length !== size || (await sha256Hex(bytes)) !== sha256) throw new Error('other bytes')
  return bytes
}

async function sealedRecords(client: Client, { signal, onRecords }: OpenOptions, run: Keyed): Promise<Sealed[]> {
  const records: Sealed[] = []
  for (let from: number | undefined = 1; from !== undefined;) {
    const page: Awaited<ReturnType<Client['runs']['sealed']>> = await client.runs.sealed({
      params: { runId: run.runId },
      query: { from },
      ...(signal ? { signal } : {}),
    })
    records.push(...page.records)
    onRecords?.({ runId: run.runId, fetched: records.length, of: Math.max(records.length, run.row.received) })
    from = page.next
  }
  return records
}

/** Fetches, verifies and decrypts one run. What cannot be opened becomes a finding; the rest is still there. */
async function openRun(client: Client, options: OpenOptions, run: Keyed): Promise<OpenedRun> {
  const sealed = await sealedRecords(client, options, run)
  const findings: Finding[] = await verifySealed(sealed as Numbered[])
  const key = await importRunKey(fromBase64url(run.key))
  const records: OpenedRecord[] = []
  for (const record of sealed) {
    options.signal?.throwIfAborted()
    const opened = await openSealed(options, key, run.runId, record)
    if ('finding' in opened) findings.push(opened.finding)
    else records.push(opened.record)
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

/** One record with its content, or why it cannot be had. */
async function openSealed(
  options: OpenOptions,
  key: Awaited<ReturnType<typeof importRunKey>>,
  runId: string,
  sealed: Sealed,
): Promise<{ record: OpenedRecord } | { finding: Finding }> {
  const { seq, op, part } = sealed
  const place: Place = { runId, seq, op, part }
  let value: unknown
  try {
    value = await openRecord(key, sealed.jwe, place)
  } catch {
    const message = `Record ${seq} cannot be opened with the key of its run.`
    return { finding: { kind: 'unopenable', seq, message } }
  }
  if (!sealed.object) return { record: { seq, op, part, value } }
  try {
    return { record: await withObject(key, place, value, await download(options, sealed)) }
  } catch (e) {
    options.signal?.throwIfAborted()
    const isOther = e instanceof Error && e.message === 'other bytes'
    const why = isOther ? 'is not the one that was sent' : 'cannot be fetched or opened'
    return { finding: { kind: 'object', seq, message: `The stored content of record ${seq} ${why}.` } }
  }
}

/**
 * Opens runs one after the other, in the order given, and yields each as soon as it is open. Each run is one event in
 * the audit chain, written by the server before it hands out the key.
 *
 * @throws {ProblemError} when the server refuses (`login-too-old`, `forbidden`, `run-withdrawn`, …) and, when
 *   cancelled, the signal's reason.
 */
export async function* openRuns(client: Client, options: OpenOptions): AsyncGenerator<OpenedRun> {
  const { studyId, purpose, runIds, signal } = options
  for (let i = 0; i < runIds.length; i += openingPage) {
    const { runs } = await client.runs.open({
      params: { studyId },
      body: { purpose, runIds: runIds.slice(i, i + openingPage) },
      ...(signal ? { signal } : {}),
    })
    for (const run of runs) yield await openRun(client, options, run)
  }
}
