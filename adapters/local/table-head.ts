/**
 * How far the table had come when its newest write was acknowledged, in a file of its own: a table that is older,
 * shorter or another than this says so when it is opened.
 *
 * The file has two places, each a line in a page of the disk. Between two syncs one of them alone is written, so that a
 * power cut can tear that one and leaves the other, which is as old as the sync before. A head is written after its
 * commit is on the disk and before it is acknowledged: it is never ahead of the table. A kill loses nothing of it;
 * after a power cut it may be a second behind, and the table is then ahead of it.
 */
import { hash } from 'node:crypto'
import { closeSync, fdatasyncSync, fsyncSync, openSync, readSync, writeSync } from 'node:fs'

export interface Head {
  /** Which store this is: made once. */
  store: string
  /** Commits since the store was made. */
  commits: number
  items: number
  /** The sum of all items' hashes. */
  digest: string
}
interface Kept extends Head {
  /** Whether the table was closed after this, and nothing was written since. */
  closed: boolean
}

const place = 4096
const sealOf = (text: string): string => hash('sha256', text).slice(0, 32)

function lineOf(kept: Kept): Buffer {
  const text = JSON.stringify(kept)
  return Buffer.from(`${sealOf(text)} ${text}`.padEnd(511).concat('\n'))
}
function keptOf(line: string): Kept | undefined {
  const text = line.slice(33).trimEnd()
  return text !== '' && line.slice(0, 32) === sealOf(text) ? (JSON.parse(text) as Kept) : undefined
}

function readPlaces(file: number): (Kept | undefined)[] {
  return [0, place].map((at) => {
    const line = Buffer.alloc(512)
    return keptOf(line.toString('utf8', 0, readSync(file, line, 0, line.length, at)))
  })
}
const newest = (places: (Kept | undefined)[]): number => {
  const [first, second] = places.map((kept) => kept?.commits ?? -1) as [number, number]
  // Of two with the same commits, the one that says `closed` is the later, or both say the same.
  if (first === second) return places[1]?.closed ? 1 : 0
  return first > second ? 0 : 1
}

/** The newest head in a file; undefined when it has none that is whole. Throws when there is no such file. */
export function readHead(path: string): Kept | undefined {
  const file = openSync(path, 'r')
  try {
    const places = readPlaces(file)
    return places[newest(places)]
  } finally {
    closeSync(file)
  }
}

/** The file, held by the one who writes the table. */
export class HeadFile {
  readonly #file: number
  #place: number
  #kept: Kept
  #dirty = false

  private constructor(file: number, at: number, kept: Kept) {
    this.#file = file
    this.#place = at
    this.#kept = kept
  }

  /** A new file, on the disk; its folder is its maker's to sync. */
  static make(path: string, head: Head): void {
    const file = openSync(path, 'wx', 0o600)
    try {
      writeSync(file, Buffer.alloc(2 * place, ' '))
      writeSync(file, lineOf({ ...head, closed: true }), 0, 512, 0)
      fsyncSync(file)
    } finally {
      closeSync(file)
    }
  }

  /** Opens the file for a table that stands at `head`. */
  static open(path: string, head: Head): HeadFile {
    const file = openSync(path, 'r+')
    const other = 1 - newest(readPlaces(file))
    const opened = new HeadFile(file, other, { ...head, closed: false })
    opened.write(head)
    opened.sync()
    return opened
  }

  get dirty(): boolean {
    return this.#dirty
  }

  /** After a commit, before it is acknowledged. */
  write(head: Head): void {
    this.#put({ ...head, closed: false })
  }

  /** On the disk from here; what follows is written to the other place. */
  sync(): void {
    if (!this.#dirty) return
    fdatasyncSync(this.#file)
    this.#place = 1 - this.#place
    this.#dirty = false
  }

  /** Once the table is closed. */
  close(): void {
    this.#put({ ...this.#kept, closed: true })
    this.sync()
    closeSync(this.#file)
  }

  #put(kept: Kept): void {
    this.#kept = kept
    writeSync(this.#file, lineOf(kept), 0, 512, this.#place * place)
    this.#dirty = true
  }
}
