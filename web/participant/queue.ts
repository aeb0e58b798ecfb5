/**
 * One run's records on their way to the server: sealed, stored on the device, then offered to the sender in chunks
 * whose boundaries never change. Sealed records stay on the device until the run is finished: they are what a reload
 * resumes from, and what fills a gap.
 */
import { coverage, maxChunkBytes, maxChunkRecords, type Op, type Range } from '../../domain/runs/records.ts'
import type { Chunk, Standing } from './api.ts'
import { chunkOf, consecutive, partingChunks } from './chunks.ts'
import type { Device, LocalObject, LocalRecord } from './device.ts'
import { openOwn, recordedData, seal, type StartedRun, sealOwn, type Unsealed } from './run-sealing.ts'
import { sealedFile } from './sealed-file.ts'

interface Job extends Unsealed {
  resolve: () => void
  reject: (e: unknown) => void
}

/** The numbers that a count says are there: all up to `through`, and single ranges above it. */
const rangesOf = ({ through, ranges }: { through: number; ranges: readonly Range[] }): Range[] =>
  through > 0 ? [[1, through], ...ranges] : [...ranges]

/** Where one run's records wait, in memory and on the device; one for each run that a tab sends. */
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
      this.#jobs.push({ op, part, body, file, resolve, reject })
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
    await this.record('abort', 'main', { reason })
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
        const { record, object } = await seal(this.run, this.#hashes, this.#last + 1, j)
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

  #isAcked(seq: number): boolean {
    return this.run.acked.some(([a, b]) => a <= seq && seq <= b)
  }

  /** The next chunk to send: frozen before, or cut now and frozen on the device before it is answered. */
  async next(): Promise<LocalRecord[]> {
    const first = Math.min(...this.#waiting.keys())
    if (first === Infinity) return []
    let range = this.run.frozen.find(([a, b]) => a <= first && first <= b)
    if (!range) {
      range = [first, first + consecutive(this.#waiting, first, maxChunkRecords, maxChunkBytes).length - 1]
      this.run.frozen = [...this.run.frozen, range]
      await this.#save()
    }
    // What is acknowledged of a frozen chunk needs no repeat, and the rest of it keeps its numbers.
    return consecutive(this.#waiting, first, range[1] - first + 1, maxChunkBytes)
  }

  /** What fits into `bytes` of request bodies, for a page that is going away. Records that need an object stay. */
  parting = (bytes: number): Chunk[] => partingChunks(this.run, this.#waiting, bytes)

  /** The body of the request that sends these records, which follow one another. */
  body = (records: readonly LocalRecord[]): Chunk => chunkOf(this.run, records)

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
    await this.#settle([...this.run.acked, ...rangesOf(acked)])
  }

  /** Takes an exact count: what it does not hold is sent again, whatever was believed before. */
  async reconcile(acked: Standing['acked']): Promise<void> {
    if (this.run.aborting) return this.acknowledge(acked)
    await this.#settle(rangesOf(acked))
    for (const record of await this.#device.records(this.run.nonce))
      if (!this.#isAcked(record.seq)) this.#waiting.set(record.seq, record)
  }

  async #settle(ranges: Range[]): Promise<void> {
    const covered = coverage(ranges)
    this.run.acked = rangesOf(covered)
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
  finished = async (): Promise<Record<string, unknown>[]> =>
    recordedData(this.run, await this.#device.records(this.run.nonce), this.object)

  /** Keeps what the study wants to resume from, in place of what it kept before. */
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
  asFile = (): Promise<Blob> => sealedFile(this.run, [...this.#waiting.values()], this.object)
}
