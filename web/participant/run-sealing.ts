/** One record of a run, sealed on the device and opened there again. */
import { hex, sha256 } from '../../domain/hash.ts'
import { maxChunkBytes, type Op, recordHash, runHash } from '../../domain/runs/records.ts'
import { type Attached, openBytes, openRecord, sealBytes, sealRecord } from '../../domain/runs/sealing.ts'
import type { LocalObject, LocalRecord, LocalRun } from './device.ts'

/** A run that the server knows. */
export type StartedRun = LocalRun &
  Required<Pick<LocalRun, 'runId' | 'token' | 'condition' | 'seed' | 'contentHash' | 'own'>>

/** What becomes a record. `file`: the bytes to attach; `body` is then its name. */
export interface Unsealed {
  op: Op
  part: string
  body: unknown
  file?: Blob
}
interface Sealed {
  record: LocalRecord
  object?: LocalObject
}

/** A record whose sealed form is longer goes to the object store; a chunk holds several of those below. */
const inlineBytes = maxChunkBytes / 2
const random = (n: number): Uint8Array<ArrayBuffer> => crypto.getRandomValues(new Uint8Array(n))
/** Where state that never leaves the device is sealed: no record has the number 0. */
const ownPlace = (runId: string, part: string) => ({ runId, seq: 0, op: 'session' as const, part })

/** Seals something of a run that never leaves the device. */
export const sealOwn = (key: CryptoKey, runId: string, part: string, body: unknown): Promise<string> =>
  sealRecord({ key, ...ownPlace(runId, part), body, iv: random(12) })
/** Opens what `sealOwn` sealed; rejects when the key or the part is another. */
export const openOwn = (key: CryptoKey, runId: string, part: string, jwe: string): Promise<unknown> =>
  openRecord(key, jwe, ownPlace(runId, part))

/** The bytes that go beside a record: a file, or a body too long to stand in it. */
async function bytesBeside({ file, body }: Unsealed, inline: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
  if (file) return new Uint8Array(await file.arrayBuffer())
  return inline.length > inlineBytes ? new TextEncoder().encode(JSON.stringify(body)) : undefined
}

const attached = async ({ file, body }: Unsealed, bytes: Uint8Array): Promise<Attached> => ({
  attached: {
    name: file ? String(body) : '',
    type: file ? file.type || 'application/octet-stream' : 'application/json',
    size: bytes.length,
    sha256: hex(await sha256(bytes)),
    json: !file,
  },
})

/**
 * Record number `seq` of a run: the text of its body, or of a description with the sealed bytes beside it. `hashes`:
 * those of the records before it, which the last record of a run is bound to. Rejects when JSON cannot carry the body.
 */
export async function seal(
  { key, runId, nonce }: StartedRun,
  hashes: readonly string[],
  seq: number,
  unsealed: Unsealed,
): Promise<Sealed> {
  const { op, part, body, file } = unsealed
  const place = { runId, seq, op, part }
  const inline = file ? '' : await sealRecord({ key, ...place, body, iv: random(12) })
  const bytes = await bytesBeside(unsealed, inline)
  const jwe = bytes
    ? await sealRecord({ key, ...place, body: await attached(unsealed, bytes), iv: random(12) })
    : inline
  const sealed = bytes && (await sealBytes(key, bytes, place, random(12)))
  const record: Omit<LocalRecord, 'hash'> = {
    nonce,
    seq,
    op,
    part,
    jwe,
    ...(sealed ? { object: { sha256: hex(await sha256(sealed)), size: sealed.length } } : {}),
    ...(op === 'end' ? { end: { last: seq, hash: await runHash(hashes.slice(0, seq - 1)) } } : {}),
  }
  return {
    record: { ...record, hash: await recordHash(record) },
    ...(sealed ? { object: { nonce, seq, bytes: new Blob([sealed]) } } : {}),
  }
}

/** The data of a record. `sealed`: the bytes beside it, if there are any. Rejects what was sealed for another place. */
async function dataOf(run: StartedRun, record: LocalRecord, sealed: Blob | undefined): Promise<unknown> {
  const place = { runId: run.runId, seq: record.seq, op: record.op, part: record.part }
  if (!sealed) return openRecord(run.key, record.jwe, place)
  const bytes = await openBytes(run.key, new Uint8Array(await sealed.arrayBuffer()), place)
  return JSON.parse(new TextDecoder().decode(bytes)) as unknown
}

/**
 * What a study recorded so far, in order, after replacements: what a reloaded study resumes from. `objectOf`: the
 * sealed bytes beside a record.
 */
export async function recordedData(
  run: StartedRun,
  records: readonly LocalRecord[],
  objectOf: (seq: number) => Promise<Blob | undefined>,
): Promise<Record<string, unknown>[]> {
  const rows: { part: string; data: Record<string, unknown> }[] = []
  for (const record of records) {
    if (record.op !== 'append' && record.op !== 'replace') continue
    const data = await dataOf(run, record, record.object && (await objectOf(record.seq)))
    if (record.op === 'replace')
      for (let i = rows.length - 1; i >= 0; i--) if (rows[i]!.part === record.part) rows.splice(i, 1)
    rows.push({ part: record.part, data: data as Record<string, unknown> })
  }
  return rows.map((row) => row.data)
}
