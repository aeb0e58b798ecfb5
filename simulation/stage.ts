/** A world with its platform at work and people who use it. */
import { createClient, type Client, ProblemError } from '../clients/api.ts'
import { type Engine, Unreadable } from '../ports/engine.ts'
import type { Logs } from '../ports/logs.ts'
import type { Manifest } from '../domain/jobs/manifest.ts'
import { memoryEngine, reportOf } from './memory-engine.ts'
import { Containers } from './containers.ts'
import type { Rates } from './faults.ts'
import { keysOf } from './keys.ts'
import { play, playMachine } from './machine.ts'
import { Network } from './network.ts'
import { createPlatform, type Platform, type Served } from './platform.ts'
import { atWork, Process, within } from './processes.ts'
import { hashNow } from '../functions/kernel/hash.ts'
import { recordText, type SealedRecord } from '../domain/runs/records.ts'
import { nothingTold, type Told, type ToldRun } from './told.ts'
import { Executions } from './workflow.ts'
import { type Beginning, type Mode, World } from './world.ts'

/** A world that serves: what handlers and pages reach through whoever is at work. */
class ServedWorld extends World implements Served {
  readonly keys = keysOf(this)
  readonly containers = new Containers(this, reportsOf)
  readonly compute = this.containers.port
  readonly engine: Engine = engineOf(this)
  readonly logs = {} as Logs
  executions!: Executions
  network!: Network
  get workflow() {
    return this.executions.port
  }
}

/** Rows of custodians' files are not read here: only whether they can be. */
const plain: Engine = {
  ...memoryEngine(),
  async read(files) {
    const text = await textOf(files[0]!.data.key)
    if (text.includes('broken')) throw new Unreadable(files[0]!.file, 'a line has too many cells', 2)
    return files.map(({ file }) => ({
      file,
      columns: [
        { name: 'subject', type: 'text', role: 'subject', distinct: 1, missing: 0, examples: [] },
        { name: 'arm', type: 'text', distinct: 1, missing: 0, examples: [] },
      ],
      rows: 1,
      warnings: [],
      proposed: {
        name: 'subjects',
        file,
        columns: [
          { name: 'subject', type: 'text', role: 'subject' },
          { name: 'arm', type: 'text' },
        ],
        oneRowPerSubject: false,
      },
    }))
  },
  async store(_files, schema, prefix) {
    const parquet = new TextEncoder().encode(JSON.stringify(schema))
    const tables = await Promise.all(
      schema.tables.map(async ({ name }) => {
        const key = `${prefix}${name}.parquet`
        await worldAtWork().objectStore.put('protected', key, parquet, 'application/octet-stream')
        return { name, parquet: { key, sha256: hashNow(key), size: parquet.length }, rows: 1, subjects: 1 }
      }),
    )
    return { data: { schema, tables, subjects: 1 }, outside: {} }
  },
}
const textOf = async (key: string): Promise<string> =>
  new TextDecoder().decode(await worldAtWork().objectStore.get('protected', key))

const engineOf = (world: World): Engine => {
  const call =
    <A extends never[], R>(name: string, act: (...given: A) => Promise<R>) =>
    async (...given: A): Promise<R> => {
      const answer = await act(...given)
      return world.call(`engine ${name}`, () => answer)
    }
  return Object.fromEntries(
    Object.entries(plain).map(([name, act]) => [name, call(name, act as never)]),
  ) as unknown as Engine
}

/** What a script's container sends: a count of its people, in every run. Now and then it is lost. */
function reportsOf(world: World, jobId: string): Uint8Array | undefined {
  const found = world.objects.get(`protected jobs/${jobId}/inputs/manifest.json`)
  if (!found || world.faults.measure(`report of ${jobId}`) < 0.05) return undefined
  const manifest = JSON.parse(new TextDecoder().decode(found.bytes)) as Manifest
  return reportOf(jobId, manifest, (ids) => ({ outputs: [{ type: 'scalar', name: 'n', value: ids.length }] }))
}

/** A participant's tab knows whose run it shows. */
export type Tab = Process & { run?: ToldRun; listeners?: (() => void)[]; weak?: true | undefined }

const worldAtWork = (): ServedWorld => atWork().process.world as ServedWorld
let platform: Promise<Platform> | undefined

/** Makes this thread a place for histories, once. */
export function prepareThread(): Promise<Platform> {
  return (platform ??= (async () => {
    const made = await createPlatform()
    play({
      now: () => worldAtWork().clock(),
      after(milliseconds, act) {
        const task = atWork()
        worldAtWork().time.after(milliseconds, 'timer', () => {
          if (task.process.alive) within(task, act)
        })
      },
      bytes: (count) => worldAtWork().bytes(count),
      fetch: (url, init) => fetched(url, init),
      listen(event, act) {
        const { listeners } = atWork().process as Tab
        if (event === 'pagehide') listeners?.push(act)
      },
    })
    playMachine()
    return made
  })())
}

/** A browser's request, as its page makes it. */
async function fetched(url: string, init: RequestInit): Promise<Response> {
  const { network } = worldAtWork()
  const path = url.startsWith('http') ? url.slice(url.indexOf('/', 8)) : url
  const { run } = atWork().process as Tab
  const { status, text } = await network.send({
    method: init.method ?? 'GET',
    path,
    headers: init.headers as Record<string, string>,
    body: init.body as string | undefined,
  })
  if (run && status < 300 && path.endsWith('/records') && init.body !== undefined) noteAcked(run, init.body as string)
  return { ok: status < 300, status, text: async () => text } as Response
}

/** Records are acknowledged as they were sent. */
function noteAcked(run: ToldRun, body: string): void {
  const { first, records } = JSON.parse(body) as { first: number; records: SealedRecord[] }
  for (const [index, record] of records.entries()) run.acked.set(first + index, hashNow(recordText(record)))
}

const clients = new Map<string, Client>()
/** The typed client of a person, or of whoever has this token. */
export function clientOf(credential: string): Client {
  let client = clients.get(credential)
  if (!client)
    clients.set(credential, (client = createClient({ baseUrl: '', token: () => credential, fetch: fetched as never })))
  return client
}

const visitMilliseconds = 45_000
/** Nobody waits longer than this before they ask again. */
const longestPatience = 10_000

/** A world, its platform, and everybody who acts. */
export class Stage {
  readonly world: ServedWorld
  readonly platform: Platform
  readonly told: Told = nothingTold()
  /** Nobody has anything more to do, and nothing goes wrong any more. */
  ended = false
  /** What an actor ran into that it should not have. */
  broken: string | undefined
  readonly atWork = new Set<string>()
  #hosts = 0

  constructor(
    made: Platform,
    seed: number,
    mode: Mode,
    beginning: Beginning,
    rates: Rates,
    only?: ReadonlySet<string>,
  ) {
    this.platform = made
    this.world = new ServedWorld(seed, mode, beginning, rates, only)
    this.world.executions = new Executions(this.world, made.tasks)
    this.world.network = new Network(this.world, made)
  }

  /** Somebody acts, from now until they have nothing more to do. */
  act(name: string, acts: () => Promise<void>): void {
    this.atWork.add(name)
    void this.world
      .task(new Process(this.world, name), name, acts)
      .catch((error: unknown) => {
        this.broken ??= `${name}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`
      })
      .finally(() => this.atWork.delete(name))
  }

  /** The platform begins to work. */
  open(): void {
    if (this.world.mode === 'host') this.#startHost()
    else this.#schedule()
  }

  /** One visit of each schedule, to the end. */
  async visit(name: string): Promise<void> {
    await this.#visit(this.world.network.host ?? new Process(this.world, name), name)
  }

  async #visit(process: Process, name: string): Promise<void> {
    const { sweep, watch } = this.platform
    const quietly = (work: Promise<unknown>): Promise<unknown> => work.catch(() => undefined)
    await quietly(this.world.task(process, `${name} sweep`, sweep))
    await quietly(this.world.task(process, `${name} watch`, watch))
  }

  #startHost(): void {
    const process = new Process(this.world, `host ${++this.#hosts}`)
    this.world.executions.forget()
    this.world.network.host = process
    process.onDeath.push(() => {
      this.world.network.host = undefined
      this.world.time.after(300 + this.world.faults.measure(process.name) * 2500, 'host starts', () =>
        this.#startHost(),
      )
    })
    void this.world.task(process, process.name, async () => {
      for (let visits = 0; !this.ended; visits++) {
        await this.#visit(process, `${process.name} visit ${visits}`)
        await this.world.pause(visitMilliseconds)
      }
    })
  }

  #schedule(visits = 0): void {
    if (this.ended) return
    const name = `schedule ${visits}`
    void this.#visit(new Process(this.world, name), name)
    this.world.time.after(visitMilliseconds, 'schedule', () => this.#schedule(visits + 1))
  }

  /** Asks until there is an answer that is no fault of the way or of the platform. */
  async insist<T>(ask: () => Promise<T>): Promise<T> {
    for (let patience = 800; ; patience = Math.min(longestPatience, patience * 1.6)) {
      try {
        return await ask()
      } catch (e) {
        if (!(e instanceof ProblemError) || (e.kind !== 'unreachable' && e.status < 500)) throw e
        await this.world.pause(patience)
      }
    }
  }
}
