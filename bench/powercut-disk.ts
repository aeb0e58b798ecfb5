/**
 * A disk that a power cut leaves as hardware may: what was synced is there, and of what was not, any part. It is fed by
 * a trace of system calls (strace -f -y -xx), so that it sees what the program really asked for.
 */

/** Whether a chance of one in `sides` comes true. */
export type Dice = (sides: number) => boolean

type Write = { at: number; bytes: Buffer } | { length: number }
interface Node {
  /** What is on the disk for certain, and what was written since. */
  durable: Buffer
  pending: Write[]
  /** As a reader sees it now. */
  length: number
  names?: Folder
}
/** A change of one folder's names, done at once: a move within a folder is one. */
type Naming = { set: string; node: Node; gone?: string } | { gone: string }
interface Folder {
  durable: Map<string, Node>
  pending: Naming[]
  now: Map<string, Node>
}

const sector = 512
const empty = Buffer.alloc(0)
const newFile = (): Node => ({ durable: empty, pending: [], length: 0 })
const newFolder = (): Node => ({ ...newFile(), names: { durable: new Map(), pending: [], now: new Map() } })

/** A file's content after writes, in their order. */
function written(content: Buffer, writes: readonly Write[]): Buffer {
  if (writes.length === 0) return content
  const ends = writes.map((write) => ('length' in write ? write.length : write.at + write.bytes.length))
  const file = Buffer.alloc(Math.max(content.length, ...ends))
  content.copy(file)
  let { length } = content
  for (const write of writes) {
    if ('length' in write) {
      file.fill(0, write.length)
      length = write.length
    } else {
      write.bytes.copy(file, write.at)
      length = Math.max(length, write.at + write.bytes.length)
    }
  }
  return file.subarray(0, length)
}

/** Some of a write's sectors: the head of the disk was over them when the power went. */
function torn(write: Write, dice: Dice): Write[] {
  if ('length' in write) return [write]
  const parts: Write[] = []
  for (let from = 0; from < write.bytes.length;) {
    const to = Math.min(write.bytes.length, from + sector - ((write.at + from) % sector))
    if (dice(2)) parts.push({ at: write.at + from, bytes: write.bytes.subarray(from, to) })
    from = to
  }
  return parts
}

function named(names: Map<string, Node>, naming: Naming): void {
  if (naming.gone !== undefined) names.delete(naming.gone)
  if ('set' in naming) names.set(naming.set, naming.node)
}

/** What of the pending is on the disk: all up to a moment, or any part. */
function survivors<T>(pending: readonly T[], dice: Dice): T[] {
  if (!dice(2)) return pending.filter(() => dice(2))
  const upTo = pending.findIndex(() => dice(Math.max(2, pending.length)))
  return pending.slice(0, upTo < 0 ? pending.length : upTo)
}

const contentAfterCut = (node: Node, dice: Dice): Buffer =>
  written(
    node.durable,
    survivors(node.pending, dice).flatMap((write) => (dice(3) ? torn(write, dice) : [write])),
  )

/** The disk below one folder, which the trace names by its path. */
export class Disk {
  readonly #top: string
  readonly #root = newFolder()
  readonly #open = new Map<string, { node: Node; at: number; appends: boolean }>()

  /** `before`: files by their path below the top that were there before, on the disk. */
  constructor(top: string, before: ReadonlyMap<string, Buffer> = new Map()) {
    this.#top = top
    for (const [path, bytes] of before) this.#put(path.split('/'), bytes)
  }

  #put(names: string[], bytes: Buffer): void {
    let folder = this.#root.names!
    for (const name of names.slice(0, -1)) {
      const next = folder.now.get(name) ?? newFolder()
      folder.now.set(name, next)
      folder.durable.set(name, next)
      folder = next.names!
    }
    const node: Node = { durable: bytes, pending: [], length: bytes.length }
    folder.now.set(names.at(-1)!, node)
    folder.durable.set(names.at(-1)!, node)
  }

  #find(path: string): { folder: Folder; name: string; node: Node | undefined } | undefined {
    if (path !== this.#top && !path.startsWith(`${this.#top}/`)) return undefined
    const names = path.slice(this.#top.length + 1).split('/')
    let folder = this.#root.names!
    for (const name of names.slice(0, -1)) {
      const next = folder.now.get(name)?.names
      if (!next) return undefined
      folder = next
    }
    const name = names.at(-1)!
    return { folder, name, node: path === this.#top ? this.#root : folder.now.get(name) }
  }

  #change(folder: Folder, naming: Naming): void {
    named(folder.now, naming)
    folder.pending.push(naming)
  }

  /** `fd`: known by its number in its process. */
  open(fd: string, path: string, flags: string): void {
    this.#open.delete(fd)
    const found = this.#find(path)
    if (!found) return
    const node = found.node ?? newFile()
    if (!found.node) this.#change(found.folder, { set: found.name, node })
    if (flags.includes('O_TRUNC') && node.length > 0) this.#write(node, { length: 0 })
    this.#open.set(fd, { node, at: 0, appends: flags.includes('O_APPEND') })
  }
  close(fd: string): void {
    this.#open.delete(fd)
  }
  knows(fd: string): boolean {
    return this.#open.has(fd)
  }
  write(fd: string, bytes: Buffer, at?: number): void {
    const file = this.#open.get(fd)
    if (!file) return
    const place = file.appends ? file.node.length : (at ?? file.at)
    this.#write(file.node, { at: place, bytes })
    if (at === undefined) file.at = place + bytes.length
  }
  truncate(fd: string, length: number): void {
    const file = this.#open.get(fd)
    if (file) this.#write(file.node, { length })
  }
  #write(node: Node, write: Write): void {
    node.pending.push(write)
    node.length = 'length' in write ? write.length : Math.max(node.length, write.at + write.bytes.length)
  }
  sync(fd: string): void {
    const node = this.#open.get(fd)?.node
    if (!node) return
    node.durable = written(node.durable, node.pending.splice(0))
    for (const naming of node.names?.pending.splice(0) ?? []) named(node.names!.durable, naming)
  }
  makeFolder(path: string): void {
    const found = this.#find(path)
    if (found && !found.node) this.#change(found.folder, { set: found.name, node: newFolder() })
  }
  move(from: string, to: string): void {
    const source = this.#find(from)
    const target = this.#find(to)
    if (!source?.node || !target) return
    if (source.folder === target.folder)
      return this.#change(source.folder, { set: target.name, node: source.node, gone: source.name })
    this.#change(target.folder, { set: target.name, node: source.node })
    this.#change(source.folder, { gone: source.name })
  }
  link(from: string, to: string): void {
    const node = this.#find(from)?.node
    const target = this.#find(to)
    if (node && target) this.#change(target.folder, { set: target.name, node })
  }
  remove(path: string): void {
    const found = this.#find(path)
    if (found?.node) this.#change(found.folder, { gone: found.name })
  }

  /** The files below the top, by path, as a power cut at this moment may leave them. */
  cut(dice: Dice): Map<string, Buffer> {
    const files = new Map<string, Buffer>()
    const walk = (folder: Folder, path: string): void => {
      const names = new Map(folder.durable)
      for (const naming of survivors(folder.pending, dice)) named(names, naming)
      for (const [name, node] of names) {
        if (node.names) walk(node.names, `${path}${name}/`)
        else files.set(`${path}${name}`, contentAfterCut(node, dice))
      }
    }
    // The top itself was there before.
    walk(this.#root.names!, '')
    return files
  }
}
