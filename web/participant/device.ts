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
const answer = <T>(request: IDBRequest<T>): Promise<T> =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error ?? new Error('storage'))
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
      const transaction = db.transaction(stores, 'readwrite', { durability: 'strict' })
      transaction.oncomplete = () => resolve()
      transaction.onabort = transaction.onerror = () => reject(transaction.error ?? new Error('storage'))
      act(transaction)
    })
  const read = <T>(store: string, ask: (s: IDBObjectStore) => IDBRequest<T>): Promise<T> =>
    answer(ask(db.transaction(store).objectStore(store)))
  const forget = (transaction: IDBTransaction, nonce: string): void => {
    transaction.objectStore('records').delete(of(nonce))
    transaction.objectStore('objects').delete(of(nonce))
    transaction.objectStore('checkpoints').delete(nonce)
  }
  return {
    lasting: true,
    runs: () => read<LocalRun[]>('runs', (s) => s.getAll()),
    put: (run) =>
      write(['runs'], (transaction) => {
        transaction.objectStore('runs').put(run)
      }),
    add: (run, records, objects, alone) =>
      write(['runs', 'records', 'objects', 'checkpoints'], (transaction) => {
        if (alone) forget(transaction, run.nonce)
        transaction.objectStore('runs').put(run)
        for (const record of records) transaction.objectStore('records').put(record)
        for (const object of objects) transaction.objectStore('objects').put(object)
      }),
    records: (nonce) => read<LocalRecord[]>('records', (s) => s.getAll(of(nonce))),
    object: async (nonce, seq) => (await read<LocalObject | undefined>('objects', (s) => s.get([nonce, seq])))?.bytes,
    dropObject: (nonce, seq) =>
      write(['objects'], (transaction) => {
        transaction.objectStore('objects').delete([nonce, seq])
      }),
    checkpoint: async (nonce) => (await read<{ jwe: string } | undefined>('checkpoints', (s) => s.get(nonce)))?.jwe,
    putCheckpoint: (nonce, jwe) =>
      write(['checkpoints'], (transaction) => {
        transaction.objectStore('checkpoints').put({ nonce, jwe })
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
    for (const kept of [records, objects])
      for (const key of kept.keys()) if (key.startsWith(`${nonce} `)) kept.delete(key)
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
      for (const record of added) records.set(at(record.nonce, record.seq), record)
      for (const object of files) objects.set(at(object.nonce, object.seq), object.bytes)
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
