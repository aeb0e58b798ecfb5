/**
 * The world of one history: the platform's stores, its processes with the ports that they reach, and the network. What
 * happens in it is decided by its seed, and by the faults that are allowed.
 */
import type { Change, Condition, Item, Key, QueryOptions, Table } from '../ports/table.ts'
import { type Bucket, ObjectMissing, type ObjectHead, type ObjectStore, type SignedLink } from '../ports/objects.ts'
import type { Deps } from '../functions/kernel/deps.ts'
import { Chance } from './chance.ts'
import { callFaults, Faults, type Rates } from './faults.ts'
import { atWork, never, Process, type Task, within } from './processes.ts'
import { ItemStore } from './store.ts'
import { Timeline } from './timeline.ts'

/** How the platform runs: one process for everything, or one for each request, as in AWS. */
export type Mode = 'host' | 'lambda'

/** What was stored before a history begins, and stays as it was for the next one. */
export interface Beginning {
  items: ItemStore
  objects: ReadonlyMap<string, StoredObject>
  at: number
}
export interface StoredObject extends ObjectHead {
  bytes: Uint8Array
}

/** A service that does what it is asked in the order of asking: when it will have done all of it. */
export interface Lane {
  until: number
}

/** The service answered that it is busy, or did not answer at all. */
export class ServiceFault extends Error {
  override name = 'ServiceFault'
}
/** The disk of the place is full. */
export class DiskFull extends Error {
  override name = 'DiskFull'
  readonly code = 'ENOSPC'
}

/** What stands in the world, apart from who acts in it. */
export class World {
  readonly seed: number
  readonly mode: Mode
  readonly time: Timeline
  readonly chance: Chance
  readonly faults: Faults
  readonly items: ItemStore
  readonly objects: Map<string, StoredObject>
  kills = 0
  /** By which every clock of the place is wrong just now. */
  skew = 0
  full = false
  /** Told of what the platform logs, where somebody wants to read it. */
  logged: Deps['log'] | undefined
  #streams = new Map<string, Chance>()

  constructor(seed: number, mode: Mode, beginning: Beginning, rates: Rates, only?: ReadonlySet<string>) {
    this.seed = seed
    this.mode = mode
    this.time = new Timeline(beginning.at)
    this.chance = new Chance(seed, 'world')
    this.faults = new Faults(seed, rates, only)
    this.items = new ItemStore(beginning.items)
    this.objects = new Map(beginning.objects)
  }

  /** The clock of whoever is at work. */
  clock(): number {
    return this.time.now + this.skew + atWork().process.skew
  }

  /** Chance of whoever is at work, apart from everybody else's. */
  bytes(count: number): Uint8Array<ArrayBuffer> {
    const { name } = atWork()
    let stream = this.#streams.get(name)
    if (!stream) this.#streams.set(name, (stream = this.chance.sub(name)))
    return stream.bytes(count)
  }

  /** Ends a process at this moment. */
  kill(process: Process, why: string): void {
    if (!process.alive) return
    process.alive = false
    this.kills++
    this.time.note(`${process.name} dies: ${why}`)
    for (const told of process.onDeath.splice(0)) told()
  }

  /** Time passes for whoever is at work; for a process that dies meanwhile it never does. */
  pause = (milliseconds: number, ended?: AbortSignal): Promise<void> => {
    const task = atWork()
    return new Promise((resolve) => {
      let over = false
      const wake = (): void => {
        if (over || !task.process.alive) return
        over = true
        resolve()
      }
      if (ended?.aborted) return wake()
      ended?.addEventListener('abort', wake, { once: true })
      this.time.after(milliseconds, 'pause', wake)
    })
  }

  /**
   * A call from whoever is at work to a service of the world: it goes out, is done, and answered, each at its time and
   * unless something goes wrong. What was sent is done even if the sender died on the way. Calls of one `lane` are done
   * in the order in which they were made.
   */
  call<T>(what: string, act: () => T, lane?: Lane): Promise<T> {
    const task = atWork()
    const { process } = task
    if (!process.alive) return never()
    const place = `${task.name}#${task.calls++}`
    const fault = this.faults.at(place, callFaults)
    if (fault) this.time.note(`${place} ${what}: ${fault}`)
    if (fault === 'kill-before') {
      this.kill(process, what)
      return never()
    }
    const measure = this.faults.measure(place)
    return new Promise((resolve, reject) => {
      const answer = (settle: () => void): void => {
        if (process.alive) settle()
      }
      const delay = fault === 'slow' ? 2000 + measure * 8000 : measure * 6
      this.time.after(lane ? this.#inLane(lane, delay) : delay, what, () => {
        if (fault === 'refused') return answer(() => reject(new ServiceFault(what)))
        let done: () => void
        try {
          const value = within(task, act)
          done = () => resolve(value)
        } catch (e) {
          done = () => reject(e as Error)
        }
        if (this.time.told) this.time.told(this.time.now, `  ${place} ${what}`)
        if (fault === 'kill-after') return this.kill(process, what)
        if (fault === 'unanswered')
          return this.time.after(3000, 'no answer', () => answer(() => reject(new ServiceFault(what))))
        // Most answers are there before anything else happens; some are old when they come.
        if (measure > 0.7) return this.time.after((measure - 0.7) * 30, 'answer', () => answer(done))
        answer(done)
      })
    })
  }

  /** What a call takes that has to wait for those before it. */
  #inLane(lane: Lane, delay: number): number {
    lane.until = Math.max(lane.until, this.time.now + delay)
    return lane.until - this.time.now
  }

  /** When the index shows a write that is made now. */
  #shownAt(key: Key): number {
    const task = atWork()
    const place = `${task.name}#${task.calls} ${key.pk.split('#', 1)[0]}`
    const behind = this.faults.at(place, ['behind']) !== undefined
    return this.time.now + (behind ? 500 + this.faults.measure(place) * 20_000 : this.faults.measure(place) * 20)
  }

  #room(): void {
    if (this.full) throw new DiskFull('no space left')
  }

  /** The table, for whoever is at work. */
  readonly table: Table = {
    get: (key: Key, attributes?: string[]) =>
      this.call(`get ${key.pk} ${key.sk}`, () => this.items.get(key, attributes)) as never,
    create: (item: Item<object>) =>
      this.call(`create ${item.pk} ${item.sk}`, () => {
        this.#room()
        return this.items.create(item, this.#shownAt(item))
      }) as never,
    replace: (item: Item<object>, rev: number) =>
      this.call(`replace ${item.pk} ${item.sk}`, () => {
        this.#room()
        return this.items.replace(item, rev, this.#shownAt(item))
      }) as never,
    update: (key: Key, change: Change) =>
      this.call(`update ${key.pk} ${key.sk}`, () => {
        this.#room()
        return this.items.update(key, change, this.#shownAt(key))
      }) as never,
    remove: (key: Key, when: Condition[] = []) =>
      this.call(`remove ${key.pk} ${key.sk}`, () => this.items.remove(key, when, this.#shownAt(key))) as never,
    query: (pk: string, options: QueryOptions = {}) =>
      this.call(`query ${pk} ${options.prefix ?? ''}`, () => this.items.query(pk, options, this.time.now)) as never,
  }

  /** Where a link of the object store leads to, and what may be sent there. */
  readonly #link = (method: 'PUT' | 'GET', bucket: Bucket, key: string, seconds: number): Promise<SignedLink> =>
    this.call(`sign ${bucket} ${key}`, () => ({
      method,
      url: `https://objects/${bucket}/${encodeURIComponent(key)}`,
      headers: {},
      expires: new Date(this.clock() + seconds * 1000).toISOString(),
    }))

  /** The object store, for whoever is at work. */
  readonly objectStore: ObjectStore = {
    put: (bucket, key, bytes, type) =>
      this.call(`put ${bucket} ${key}`, () => {
        this.#room()
        this.objects.set(`${bucket} ${key}`, { bytes: bytes.slice(), size: bytes.length, type })
      }),
    get: (bucket, key) => this.call(`read ${bucket} ${key}`, () => this.#object(bucket, key).bytes),
    head: (bucket, key) =>
      this.call(`head ${bucket} ${key}`, () => {
        const found = this.objects.get(`${bucket} ${key}`)
        return found && { size: found.size, type: found.type, ...(found.sha256 ? { sha256: found.sha256 } : {}) }
      }),
    copy: (bucket, from, to, type) =>
      this.call(`copy ${bucket} ${to}`, () => {
        this.#room()
        this.objects.set(`${bucket} ${to}`, { ...this.#object(bucket, from), type })
      }),
    remove: (bucket, key) =>
      this.call(`delete ${bucket} ${key}`, () => {
        this.objects.delete(`${bucket} ${key}`)
      }),
    list: (bucket, prefix) => this.#list(bucket, prefix),
    signedPut: (bucket, key, _what, seconds) => this.#link('PUT', bucket, key, seconds),
    signedWrite: (bucket, key, _type, seconds) => this.#link('PUT', bucket, key, seconds),
    signedGet: (bucket, key, seconds) => this.#link('GET', bucket, key, seconds),
  }

  #object(bucket: Bucket, key: string): StoredObject {
    const found = this.objects.get(`${bucket} ${key}`)
    if (!found) throw new ObjectMissing('no such object')
    return found
  }

  async *#list(bucket: Bucket, prefix: string): AsyncGenerator<string> {
    const whole = `${bucket} ${prefix}`
    yield* await this.call(`list ${whole}`, () =>
      [...this.objects.keys()]
        .filter((name) => name.startsWith(whole))
        .map((name) => name.slice(bucket.length + 1))
        .sort(),
    )
  }

  /** Runs a task of a process; what it throws is for whoever began it. */
  async task<T>(process: Process, name: string, act: () => Promise<T>): Promise<T> {
    const task: Task = { process, name, calls: 0 }
    return within(task, act)
  }

  /** What handlers are given besides ports: each time it is asked, the world answers for whoever is at work. */
  readonly surroundings: Pick<Deps, 'now' | 'random' | 'pause'> = {
    now: () => new Date(this.clock()),
    random: (bytes) => this.bytes(bytes),
    pause: this.pause,
  }
}
