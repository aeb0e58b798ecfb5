/**
 * What is kept on the participant's device: runs, their sealed records and sealed files. Nothing of a participant's
 * lies here in the clear.
 */
import type { Op, Range } from '../../domain/runs/records.ts'

export interface Receipt {
  runCode: string
  withdrawalCode: string
  redirect?: string | undefined
  records: number
  bytes: number
  at: string
}

/** A run of this browser. Until the server has answered its start it has no runId. */
export interface LocalRun {
  /** Made here before the start: the same nonce always means the same run. */
  nonce: string
  code: string
  kid: string
  wrappedKey: string
  /** Not extractable. */
  key: CryptoKey
  state: 'starting' | 'running' | 'ending' | 'completed' | 'aborted' | 'withdrawn'
  created: string
  preview: boolean
  /** After its end, the participant may begin another run by this link. */
  repeats: boolean
  /** What the pages around the study say, also when there is no connection. */
  study: { title: string; organisation: string; language: string }
  outsideIdParameter?: string | undefined
  /** Tells participants apart who share a browser and a link: a hash of nonce and outside id. */
  person?: string | undefined
  runId?: string
  token?: string
  condition?: string
  seed?: number
  contentHash?: string
  /** Parameters of the link and the outside id, sealed under the run's own key, for the way back to the recruiter. */
  own?: string
  /** Highest seq made so far. */
  made: number
  position: number
  /** Numbers that the server has acknowledged. */
  acked: Range[]
  /** Chunks that have been sent or are about to be, and are not acknowledged: a repeat sends the same bytes. */
  frozen: Range[]
  bytes: number
  /** The participant ended the study: only the record that says so is left. */
  aborting?: boolean
  receipt?: Receipt
}

export interface LocalRecord {
  nonce: string
  seq: number
  op: Op
  part: string
  jwe: string
  hash: string
  object?: { sha256: string; size: number }
  end?: { last: number; hash: string }
}
/** Sealed bytes of a file or of a large record. */
export interface LocalObject {
  nonce: string
  seq: number
  bytes: Blob
}

/** Where runs are kept: the browser's database, or memory where there is none. */
export interface Device {
  /** False when a reload loses everything. */
  readonly lasting: boolean
  runs(): Promise<LocalRun[]>
  put(run: LocalRun): Promise<void>
  /**
   * Run, records and objects, all or nothing, on the disk when it returns. With `alone`, everything recorded before is
   * deleted in the same step.
   */
  add(run: LocalRun, records: readonly LocalRecord[], objects: readonly LocalObject[], alone?: boolean): Promise<void>
  records(nonce: string): Promise<LocalRecord[]>
  object(nonce: string, seq: number): Promise<Blob | undefined>
  dropObject(nonce: string, seq: number): Promise<void>
  checkpoint(nonce: string): Promise<string | undefined>
  putCheckpoint(nonce: string, jwe: string): Promise<void>
  /** Deletes what a run recorded; the run itself stays with its receipt. */
  forget(nonce: string): Promise<void>
}

const of = (nonce: string): IDBKeyRange => IDBKeyRange.bound([nonce, 0], [nonce, Infinity])
const answer = <T>(r: IDBRequest<T>): Promise<T> =>
  new Promise((resolve, reject) => {
    r.onsuccess = () => resolve(r.result)
    r.onerror = () => reject(r.error ?? new Error('storage'))
  })

function database(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open('cloister-participant', 1)
    opening.onupgradeneeded = () => {
      const db = opening.result
      db.createObjectStore('runs', { keyPath: 'nonce' })
      db.createObjectStore('records', { keyPath: ['nonce', 'seq'] })
      db.createObjectStore('objects', { keyPath: ['nonce', 'seq'] })
      db.createObjectStore('checkpoints', { keyPath: 'nonce' })
    }
    opening.onsuccess = () => {
      opening.result.onversionchange = () => opening.result.close()
      resolve(opening.result)
    }
    opening.onerror = () => reject(opening.error ?? new Error('storage'))
    opening.onblocked = () => reject(new Error('blocked'))
  })
}

function onDisk(db: IDBDatabase): Device {
  /** Resolves when the transaction is on the disk. */
  const write = (stores: string[], act: (t: IDBTransaction) => void): Promise<void> =>
    new Promise((resolve, reject) => {
      const t = db.transaction(stores, 'readwrite', { durability: 'strict' })
      t.oncomplete = () => resolve()
      t.onabort = t.onerror = () => reject(t.error ?? new Error('storage'))
      act(t)
    })
  const read = <T>(store: string, ask: (s: IDBObjectStore) => IDBRequest<T>): Promise<T> =>
    answer(ask(db.transaction(store).objectStore(store)))
  const forget = (t: IDBTransaction, nonce: string): void => {
    t.objectStore('records').delete(of(nonce))
    t.objectStore('objects').delete(of(nonce))
    t.objectStore('checkpoints').delete(nonce)
  }
  return {
    lasting: true,
    runs: () => read<LocalRun[]>('runs', (s) => s.getAll()),
    put: (run) =>
      write(['runs'], (t) => {
        t.objectStore('runs').put(run)
      }),
    add: (run, records, objects, alone) =>
      write(['runs', 'records', 'objects', 'checkpoints'], (t) => {
        if (alone) forget(t, run.nonce)
        t.objectStore('runs').put(run)
        for (const r of records) t.objectStore('records').put(r)
        for (const o of objects) t.objectStore('objects').put(o)
      }),
    records: (nonce) => read<LocalRecord[]>('records', (s) => s.getAll(of(nonce))),
    object: async (nonce, seq) => (await read<LocalObject | undefined>('objects', (s) => s.get([nonce, seq])))?.bytes,
    dropObject: (nonce, seq) =>
      write(['objects'], (t) => {
        t.objectStore('objects').delete([nonce, seq])
      }),
    checkpoint: async (nonce) => (await read<{ jwe: string } | undefined>('checkpoints', (s) => s.get(nonce)))?.jwe,
    putCheckpoint: (nonce, jwe) =>
      write(['checkpoints'], (t) => {
        t.objectStore('checkpoints').put({ nonce, jwe })
      }),
    forget: (nonce) => write(['records', 'objects', 'checkpoints'], (t) => forget(t, nonce)),
  }
}

/** The same in memory: everything works, but a reload loses it, and the page says so. */
export function inMemory(): Device {
  const runs = new Map<string, LocalRun>()
  const records = new Map<string, LocalRecord>()
  const objects = new Map<string, Blob>()
  const checkpoints = new Map<string, string>()
  const at = (nonce: string, seq: number): string => `${nonce} ${seq}`
  const forget = async (nonce: string): Promise<void> => {
    for (const m of [records, objects]) for (const k of m.keys()) if (k.startsWith(`${nonce} `)) m.delete(k)
    checkpoints.delete(nonce)
  }
  return {
    lasting: false,
    runs: async () => [...runs.values()],
    put: async (run) => {
      runs.set(run.nonce, run)
    },
    async add(run, added, files, alone) {
      if (alone) await forget(run.nonce)
      runs.set(run.nonce, run)
      for (const r of added) records.set(at(r.nonce, r.seq), r)
      for (const o of files) objects.set(at(o.nonce, o.seq), o.bytes)
    },
    records: async (nonce) => [...records.values()].filter((r) => r.nonce === nonce).sort((a, b) => a.seq - b.seq),
    object: async (nonce, seq) => objects.get(at(nonce, seq)),
    dropObject: async (nonce, seq) => {
      objects.delete(at(nonce, seq))
    },
    checkpoint: async (nonce) => checkpoints.get(nonce),
    putCheckpoint: async (nonce, jwe) => {
      checkpoints.set(nonce, jwe)
    },
    forget,
  }
}

/** The browser's database; memory when it has none or refuses (some private modes). */
export async function openDevice(): Promise<Device> {
  try {
    const device = onDisk(await database())
    await device.runs()
    return device
  } catch {
    return inMemory()
  }
}
