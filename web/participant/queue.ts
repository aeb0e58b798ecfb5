/**
 * One run's records on their way to the server: sealed, stored on the device, then offered to the sender in chunks
 * whose boundaries never change. Sealed records stay on the device until the run is finished: they are what a reload
 * resumes from, and what fills a gap.
 */
import { hex, sha256 } from '../../domain/hash.ts'
import {
  coverage,
  maxChunkBytes,
  maxChunkRecords,
  type Op,
  type Range,
  recordHash,
  runHash,
} from '../../domain/runs/records.ts'
import { type Attached, openBytes, openRecord, sealBytes, sealRecord } from '../../domain/runs/sealing.ts'
import type { Chunk, Standing } from './api.ts'
import type { Device, LocalObject, LocalRecord, LocalRun } from './device.ts'

export type StartedRun = LocalRun &
  Required<Pick<LocalRun, 'runId' | 'token' | 'condition' | 'seed' | 'contentHash' | 'own'>>
/** `file`: the bytes to attach; `body` is then its name. */
interface Job {
  op: Op
  part: string
  body: unknown
  file?: Blob
  resolve: () => void
  reject: (e: unknown) => void
}

/** The bytes that go beside a record: a file, or a body too long to stand in it. */
async function bytesBeside(job: Job, inline: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
  if (job.file) return new Uint8Array(await job.file.arrayBuffer())
  return inline.length > inlineBytes ? new TextEncoder().encode(JSON.stringify(job.body)) : undefined
}

/** A record whose sealed form is longer goes to the object store; a chunk holds several of those below. */
const inlineBytes = maxChunkBytes / 2
const random = (n: number): Uint8Array<ArrayBuffer> => crypto.getRandomValues(new Uint8Array(n))
/** Where state that never leaves the device is sealed: no record has the number 0. */
const ownPlace = (runId: string, part: string) => ({ runId, seq: 0, op: 'session' as const, part })

/** Seals something of a run that never leaves the device. */
export const sealOwn = (key: CryptoKey, runId: string, part: string, body: unknown): Promise<string> =>
  sealRecord({ key, ...ownPlace(runId, part), body, iv: random(12) })
export const openOwn = (key: CryptoKey, runId: string, part: string, jwe: string): Promise<unknown> =>
  openRecord(key, jwe, ownPlace(runId, part))

const attached = async (job: Job, bytes: Uint8Array): Promise<Attached> => ({
  attached: {
    name: job.file ? String(job.body) : '',
    type: job.file ? job.file.type || 'application/octet-stream' : 'application/json',
    size: bytes.length,
    sha256: hex(await sha256(bytes)),
    json: !job.file,
  },
})

export class Queue {
  readonly run: StartedRun
  /** False when what was recorded last could not be written to this device. */
  kept: boolean
  onChange: () => void = () => undefined
  readonly #device: Device
  /** Records not acknowledged yet, by seq. */
  readonly #waiting = new Map<number, LocalRecord>()
  /** Hash of each record, at seq - 1. */
  readonly #hashes: string[]
  #unwritten: { records: LocalRecord[]; objects: LocalObject[] } = { records: [], objects: [] }
  #jobs: Job[] = []
  #storing = 0
  #working: Promise<void> | undefined
  #last: number

  private constructor(device: Device, run: StartedRun, records: readonly LocalRecord[]) {
    this.#device = device
    this.run = run
    this.kept = device.lasting
    this.#hashes = records.map((r) => r.hash)
    this.#last = run.made
    for (const record of records) if (!this.#isAcked(record.seq)) this.#waiting.set(record.seq, record)
  }

  static open = async (device: Device, run: StartedRun): Promise<Queue> =>
    new Queue(device, run, await device.records(run.nonce))

  /** How many records the server has not acknowledged, with those not sealed yet. */
  get left(): number {
    return this.#waiting.size + this.#jobs.length + this.#storing
  }
  /** Whether this browser can keep anything at all. */
  get lasting(): boolean {
    return this.#device.lasting
  }
  get closed(): boolean {
    return this.run.state === 'ending'
  }

  /** Seals and stores one record; resolves once it is on the device. Records are numbered in the order of the calls. */
  record(op: Op, part: string, body: unknown, file?: Blob): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#jobs.push({ op, part, body, resolve, reject, ...(file ? { file } : {}) })
      this.#working ??= this.#work()
    })
  }

  /** The last record of a run; nothing can be recorded after it. */
  async end(): Promise<void> {
    await this.#working
    if (!this.closed) await this.record('end', 'main', {})
  }

  /** Deletes everything on the device and leaves one record that tells the server to do the same. */
  async abort(reason: string | undefined): Promise<void> {
    await this.#working
    this.#waiting.clear()
    this.#unwritten = { records: [], objects: [] }
    Object.assign(this.run, { frozen: [], acked: this.run.made > 0 ? [[1, this.run.made]] : [], aborting: true })
    await this.record('abort', 'main', reason === undefined ? {} : { reason })
  }

  async #work(): Promise<void> {
    while (this.#jobs.length > 0) {
      const jobs = this.#jobs
      this.#jobs = []
      this.#storing = jobs.length
      await this.#store(jobs)
      this.#storing = 0
      this.onChange()
    }
    this.#working = undefined
  }

  async #store(jobs: readonly Job[]): Promise<void> {
    const records: LocalRecord[] = []
    const objects: LocalObject[] = []
    const stored: Job[] = []
    for (const j of jobs) {
      try {
        const { record, object } = await this.#seal(this.#last + 1, j)
        this.#last = Math.max(this.#last, record.seq)
        this.#hashes[record.seq - 1] = record.hash
        records.push(record)
        if (object) objects.push(object)
        stored.push(j)
      } catch (e) {
        j.reject(e)
      } // What JSON cannot carry takes no number.
    }
    const ends = records.some((r) => r.op === 'end' || r.op === 'abort')
    Object.assign(this.run, {
      made: this.#last,
      bytes: this.run.bytes + records.reduce((n, r) => n + r.jwe.length + (r.object?.size ?? 0), 0),
      ...(ends ? { state: 'ending' } : {}),
    })
    const all = { records: [...this.#unwritten.records, ...records], objects: [...this.#unwritten.objects, ...objects] }
    try {
      await this.#device.add(this.run, all.records, all.objects, this.run.aborting)
      this.#unwritten = { records: [], objects: [] }
      this.kept = this.#device.lasting
    } catch {
      // The disk is full or the database is gone. The record is sent from memory, and written with the next one if that
      // works.
      this.#unwritten = all
      this.kept = false
    }
    for (const record of records) this.#waiting.set(record.seq, record)
    for (const j of stored) j.resolve()
  }

  async #seal(seq: number, job: Job): Promise<{ record: LocalRecord; object?: LocalObject }> {
    const { key, runId, nonce } = this.run
    const place = { runId, seq, op: job.op, part: job.part }
    const inline = job.file ? '' : await sealRecord({ key, ...place, body: job.body, iv: random(12) })
    const bytes = await bytesBeside(job, inline)
    const jwe = bytes ? await sealRecord({ key, ...place, body: await attached(job, bytes), iv: random(12) }) : inline
    const sealed = bytes && (await sealBytes(key, bytes, place, random(12)))
    const record: Omit<LocalRecord, 'hash'> = {
      nonce,
      seq,
      op: job.op,
      part: job.part,
      jwe,
      ...(sealed ? { object: { sha256: hex(await sha256(sealed)), size: sealed.length } } : {}),
      ...(job.op === 'end' ? { end: { last: seq, hash: await runHash(this.#hashes.slice(0, seq - 1)) } } : {}),
    }
    return {
      record: { ...record, hash: await recordHash(record) },
      ...(sealed ? { object: { nonce, seq, bytes: new Blob([sealed]) } } : {}),
    }
  }

  #isAcked(seq: number): boolean {
    return this.run.acked.some(([a, b]) => a <= seq && seq <= b)
  }

  /** The next chunk to send: frozen before, or cut now and frozen on the device before it is answered. */
  async next(): Promise<LocalRecord[]> {
    const first = Math.min(...this.#waiting.keys())
    if (first === Infinity) return []
    let range = this.run.frozen.find(([a, b]) => a <= first && first <= b)
    if (!range) {
      range = [first, first + this.#cut(first, maxChunkRecords, maxChunkBytes).length - 1]
      this.run.frozen = [...this.run.frozen, range]
      await this.#save()
    }
    // What is acknowledged of a frozen chunk needs no repeat, and the rest of it keeps its numbers.
    return this.#cut(first, range[1] - first + 1, maxChunkBytes)
  }

  /** Waiting records from `first` without a gap, within both limits, at least one. */
  #cut(first: number, most: number, bytes: number): LocalRecord[] {
    const out: LocalRecord[] = []
    for (let seq = first, size = 0; out.length < most; seq++) {
      const record = this.#waiting.get(seq)
      if (!record || (out.length > 0 && size + record.jwe.length > bytes)) break
      size += record.jwe.length
      out.push(record)
    }
    return out
  }

  /** What fits into `bytes` of request bodies, for a page that is going away. Records that need an object stay. */
  parting(bytes: number): Chunk[] {
    const out: Chunk[] = []
    let first = Math.min(...this.#waiting.keys())
    while (first !== Infinity && this.#waiting.has(first)) {
      const records = this.#cut(first, maxChunkRecords, bytes)
      while (records.length > 0 && (records.at(-1)!.object || JSON.stringify(this.body(records)).length > bytes))
        records.pop()
      const object = records.findIndex((r) => r.object)
      if (object >= 0) records.length = object
      if (records.length === 0) break
      const body = this.body(records)
      bytes -= JSON.stringify(body).length
      out.push(body)
      first += records.length
    }
    return out
  }

  body(records: readonly LocalRecord[]): Chunk {
    return {
      first: records[0]!.seq,
      produced: Math.max(this.run.made, records.at(-1)!.seq),
      position: this.run.position,
      records: records.map(({ op, part, jwe, object, end }) => ({
        op,
        part,
        jwe,
        ...(object ? { object } : {}),
        ...(end ? { end } : {}),
      })),
    }
  }

  /** The record that ends or aborts the run, acknowledged or not. */
  endRecord = async (): Promise<LocalRecord | undefined> =>
    (await this.#device.records(this.run.nonce)).find(
      (r) => r.seq === this.run.made && (r.op === 'end' || r.op === 'abort'),
    )

  object = async (seq: number): Promise<Blob | undefined> =>
    this.#unwritten.objects.find((o) => o.seq === seq)?.bytes ?? this.#device.object(this.run.nonce, seq)

  /**
   * Takes the server's word: these numbers are stored. Between two full counts `acked` is a lower bound, so what was
   * acknowledged stays so.
   */
  async acknowledge(acked: Standing['acked']): Promise<void> {
    await this.#settle([
      ...this.run.acked,
      ...(acked.through > 0 ? [[1, acked.through] as Range] : []),
      ...acked.ranges,
    ])
  }

  /** Takes an exact count: what it does not hold is sent again, whatever was believed before. */
  async reconcile(acked: Standing['acked']): Promise<void> {
    if (this.run.aborting) return this.acknowledge(acked)
    await this.#settle([...(acked.through > 0 ? [[1, acked.through] as Range] : []), ...acked.ranges])
    for (const record of await this.#device.records(this.run.nonce))
      if (!this.#isAcked(record.seq)) this.#waiting.set(record.seq, record)
  }

  async #settle(ranges: Range[]): Promise<void> {
    const covered = coverage(ranges)
    this.run.acked = [...(covered.through > 0 ? [[1, covered.through] as Range] : []), ...covered.ranges]
    for (const [seq, record] of this.#waiting) {
      if (!this.#isAcked(seq)) continue
      this.#waiting.delete(seq)
      // Recordings are large. A large record stays: a reload needs it.
      if (record.op === 'file') await this.#device.dropObject(this.run.nonce, seq).catch(() => undefined)
    }
    this.run.frozen = this.run.frozen.filter(([first, last]) => {
      for (let seq = first; seq <= last; seq++) if (this.#waiting.has(seq)) return true
      return false
    })
    // A server that has more than this device once knew: number on after it. Never back: a batch may be half sealed.
    this.#last = Math.max(this.#last, covered.highest)
    this.run.made = Math.max(this.run.made, covered.highest)
    await this.#save()
    this.onChange()
  }

  async #save(): Promise<void> {
    try {
      await this.#device.put(this.run)
    } catch {
      this.kept = false
    }
  }

  save = (): Promise<void> => this.#save()

  /** Resolves when everything recorded so far is stored. */
  settled = async (): Promise<void> => {
    await this.#working
  }

  /** What the study recorded so far, in order, after replacements: what a reloaded study resumes from. */
  async finished(): Promise<Record<string, unknown>[]> {
    const rows: { part: string; data: Record<string, unknown> }[] = []
    for (const record of await this.#device.records(this.run.nonce)) {
      if (record.op !== 'append' && record.op !== 'replace') continue
      const place = { runId: this.run.runId, seq: record.seq, op: record.op, part: record.part }
      const sealed = record.object && (await this.object(record.seq))
      const body = sealed
        ? (JSON.parse(
            new TextDecoder().decode(await openBytes(this.run.key, new Uint8Array(await sealed.arrayBuffer()), place)),
          ) as unknown)
        : await openRecord(this.run.key, record.jwe, place)
      if (record.op === 'replace')
        for (let i = rows.length - 1; i >= 0; i--) if (rows[i]!.part === record.part) rows.splice(i, 1)
      rows.push({ part: record.part, data: body as Record<string, unknown> })
    }
    return rows.map((r) => r.data)
  }

  async checkpoint(body: unknown): Promise<void> {
    const jwe = await sealOwn(this.run.key, this.run.runId, 'checkpoint', body)
    try {
      await this.#device.putCheckpoint(this.run.nonce, jwe)
    } catch {
      this.kept = false
    }
  }

  async lastCheckpoint(): Promise<unknown> {
    const jwe = await this.#device.checkpoint(this.run.nonce)
    return jwe === undefined ? undefined : openOwn(this.run.key, this.run.runId, 'checkpoint', jwe)
  }

  /** Everything of this run that the server has not acknowledged, sealed, as a file for the researchers. */
  async asFile(): Promise<Blob> {
    const records = [...this.#waiting.values()].sort((a, b) => a.seq - b.seq)
    const head = JSON.stringify({
      cloister: 1,
      runId: this.run.runId,
      kid: this.run.kid,
      wrappedKey: this.run.wrappedKey,
      produced: this.run.made,
      records: records.map(({ nonce: _, hash: _h, ...r }) => r),
    })
    const files: BlobPart[] = []
    for (const record of records) {
      const bytes = record.object && (await this.object(record.seq))
      if (bytes) files.push(`\n${JSON.stringify({ seq: record.seq, size: bytes.size })}\n`, bytes)
    }
    return new Blob([head, ...files], { type: 'application/octet-stream' })
  }
}
