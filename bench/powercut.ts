/**
 * Power cuts: a process that keeps items, objects, keys and files is traced, the disk is rebuilt as hardware may leave
 * it at many moments of the trace (all that was synced, any part of what was not, torn sectors), and opened again.
 * Whatever was acknowledged by then must be there, and nothing may be called damaged. Then the same with syncs left out
 * of the trace, of the table's log, of the login, of letters and of folders: the cuts must find these losses, or they
 * would find none. And the same while a home of version 0.1.0 is taken over.
 *
 * `--cuts N` (default 2000), `--size N` writes of each writer between two closings (default 60), `--seed N`; `--quick`
 * 40 cuts of a small load. Prints last one line of JSON.
 */
import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { localObjects } from '../adapters/local/objects.ts'
import { TableFile } from '../adapters/local/table-file.ts'
import { openTable, tableFile } from '../adapters/local/table-folder.ts'
import { tableOn } from '../adapters/local/table-on-file.ts'
import { itemOf } from '../adapters/local/table-row.ts'
import type { Bucket } from '../ports/objects.ts'
import { ensureStrace } from '../tools/strace.ts'
import { Disk, type Dice } from './powercut-disk.ts'
import { filesBelow, lookForAll, oldHome } from './powercut-conversion.ts'
import { valueOf } from './powercut-load.ts'
import { loginIn } from './powercut-login.ts'
import type { Step } from './powercut-step.ts'
import { type Call, callsOf, play, told, traced } from './powercut-trace.ts'
import { atLeast, atMost, need, report } from './report.ts'

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    cuts: { type: 'string', default: '2000' },
    size: { type: 'string', default: '60' },
    seed: { type: 'string', default: '1' },
  },
})
const cuts = values.quick ? 40 : Number(values.cuts)
const size = values.quick ? 12 : Number(values.size)

/** mulberry32: the same cuts for the same seed. */
function diceOf(seed: number): Dice & { number: () => number } {
  let state = seed
  const number = (): number => {
    state = (state + 0x6d_2b_79_f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  return Object.assign((sides: number) => number() * sides < 1, { number })
}

/** What must be under a name: what was acknowledged last, or what was begun after it and may have been done. */
interface Promised {
  step: Step
  acknowledged: Step['value'] | undefined
  begun: Step['value'] | undefined
}
class Promises {
  readonly all = new Map<string, Promised>()
  hear(text: string): void {
    for (const line of text.split('\n').filter(Boolean)) {
      const step = JSON.parse(line.slice(1)) as Step
      const key = `${step.what} ${step.name}`
      const held = this.all.get(key) ?? { step, acknowledged: undefined, begun: undefined }
      this.all.set(
        key,
        line.startsWith('?') ? { ...held, begun: step.value } : { step, acknowledged: step.value, begun: undefined },
      )
    }
  }
}

/** What is found under a name that has a value. */
function textOf(what: Step['what'], name: string, value: number): string {
  if (what === 'key' || what === 'store') return ''
  return ['item', 'object', 'file'].includes(what) ? valueOf(name, value) : String(value)
}

const allows = ({ step, acknowledged, begun }: Promised, found: string | undefined): boolean =>
  [acknowledged, begun].some((value) => {
    // Never acknowledged: there may be nothing.
    if (value === undefined) return acknowledged === undefined && found === undefined
    if (value === null) return found === undefined
    return found === textOf(step.what, step.name, value)
  })

interface Found {
  lost: string[]
  alarms: string[]
}

function itemsIn(home: string, storeIsPromised: boolean, alarms: string[]): Map<string, string> {
  const folder = join(home, 'store')
  if (!existsSync(folder)) {
    if (storeIsPromised) alarms.push('the store is missing')
    return new Map()
  }
  try {
    const { table, head } = openTable(folder)
    try {
      return new Map([...table.all()].map((row) => [`${row.pk}|${row.sk}`, String(itemOf(row)['value'])]))
    } finally {
      table.close()
      head.close()
    }
  } catch (e) {
    alarms.push((e as Error).message)
    return new Map()
  }
}

interface KeptObjects {
  read: (bucket: Bucket, key: string) => Promise<string | undefined>
  close: () => void
}

/** The objects of a home, by the records in its table; none where there is no table. */
function objectsIn(home: string): KeptObjects {
  const file = tableFile(join(home, 'store'))
  if (!existsSync(file)) return { read: () => Promise.resolve(undefined), close: () => {} }
  const table = TableFile.read(file)
  const records = tableOn(table, () => Promise.reject(new Error('What a cut has left is only read')))
  const objects = localObjects({ folder: join(home, 'objects'), baseUrl: '', secret: Buffer.alloc(32), table: records })
  return {
    read: async (bucket, key) => {
      const bytes = await objects.get(bucket, key).catch(() => undefined)
      return bytes && Buffer.from(bytes).toString()
    },
    close: () => table.close(),
  }
}

function organisationsIn(home: string): string {
  const file = join(home, 'keyring.json')
  return existsSync(file) ? readFileSync(file, 'utf8') : ''
}

/** Opens what a cut has left, and holds it against what was promised. */
async function look(home: string, promises: Promises): Promise<Found> {
  const found: Found = { lost: [], alarms: [] }
  const store = promises.all.get('store store')
  const items = itemsIn(home, store?.acknowledged !== undefined, found.alarms)
  // A table that cannot be opened has been said already, and is not asked.
  if (found.alarms.length > 0) return found
  const objects = objectsIn(home)
  const keys = organisationsIn(home)
  const login = await loginIn(home).catch((e: unknown) => void found.alarms.push(`sign-in: ${(e as Error).message}`))
  if (!login) {
    objects.close()
    return found
  }
  const isThere = async ({ what, name }: Step): Promise<string | undefined> => {
    switch (what) {
      case 'item':
        return items.get(name)
      case 'object': {
        const [bucket, key] = name.split('|') as [Bucket, string]
        return objects.read(bucket, key)
      }
      case 'key':
        return keys.includes(`"organisationId": "${name}"`) ? '' : undefined
      case 'file': {
        const file = join(home, name)
        return existsSync(file) ? String(JSON.parse(readFileSync(file, 'utf8'))) : undefined
      }
      case 'store':
        return existsSync(join(home, 'store')) ? '' : undefined
      default: {
        const value = login.value({ what, name, value: null })
        return value === undefined ? undefined : String(value)
      }
    }
  }
  try {
    for (const [key, promised] of promises.all)
      if (!allows(promised, await isThere(promised.step))) found.lost.push(key)
  } catch (e) {
    found.alarms.push((e as Error).message)
  }
  objects.close()
  login.close()
  return found
}

function write(files: Map<string, Buffer>, home: string): void {
  mkdirSync(home, { recursive: true })
  for (const [path, bytes] of files) {
    // SQLite makes it anew; its content goes by memory, which a trace does not see.
    if (path.endsWith('-shm')) continue
    mkdirSync(dirname(join(home, path)), { recursive: true })
    writeFileSync(join(home, path), bytes, { mode: 0o600 })
  }
}

interface Tally {
  cuts: number
  lost: number
  alarms: number
  examples: string[]
}
interface Cuts {
  calls: readonly Call[]
  disk: Disk
  times: number
  /** Which syncs reach the disk. */
  synced?: (path: string) => boolean
  /** Where half of the cuts are made: right after these calls. */
  near?: (call: Call, index: number) => boolean
  look?: (home: string, promises: Promises) => Promise<Found>
}
/** Cuts the power at moments of the trace. */
async function cutPower({
  calls,
  disk,
  times,
  synced = () => true,
  // What a new home makes for the first time has the most names to lose.
  near = (_, index) => index < calls.length / 5,
  look: lookAt = look,
}: Cuts): Promise<Tally> {
  const dice = diceOf(Number(values.seed))
  const promises = new Promises()
  const home = join(work, 'cut')
  const tally: Tally = { cuts: 0, lost: 0, alarms: 0, examples: [] }
  const moments = new Map<number, number>()
  const nearby = [...calls.entries()].filter(([index, call]) => near(call, index)).map(([index]) => index)
  for (let n = 0; n < times; n++) {
    const any = Math.floor(dice.number() * calls.length)
    const moment = dice(2) ? any : nearby[Math.floor(dice.number() * nearby.length)]!
    moments.set(moment, (moments.get(moment) ?? 0) + 1)
  }
  for (const [index, call] of calls.entries()) {
    const text = told(call)
    if (text !== undefined) promises.hear(text)
    else play(disk, call, synced)
    for (let n = moments.get(index) ?? 0; n > 0; n--) {
      rmSync(home, { recursive: true, force: true })
      write(disk.cut(dice), home)
      const { lost, alarms } = await lookAt(home, promises)
      tally.cuts++
      if (lost.length > 0) tally.lost++
      if (alarms.length > 0) tally.alarms++
      if (lost.length + alarms.length > 0)
        tally.examples.push(`after call ${index}: ${[...alarms, ...lost.slice(0, 3)].join(', ')}`)
    }
  }
  return tally
}

/** Runs a load under strace; answers the calls of its trace. */
async function trace(strace: string, load: string, home: string): Promise<Call[]> {
  const file = join(work, 'trace')
  const program = fileURLToPath(new URL(load, import.meta.url))
  const words = ['-f', '-y', '-xx', '-s', '1000000', '--seccomp-bpf', '-o', file, '-e', `trace=${traced}`]
  const node = [process.execPath, '--disable-warning=ExperimentalWarning', program, home, String(size)]
  const output = openSync(join(work, 'told'), 'w')
  const child = spawn(strace, [...words, ...node], { stdio: ['ignore', output, 'inherit'] })
  const code = await new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  if (code !== 0) throw new Error(`The load ended with ${String(code)}; may this user trace processes (ptrace)?`)
  const calls: Call[] = []
  for await (const call of callsOf(file)) calls.push(call)
  return calls
}

const renames = ({ name }: Call): boolean => /^(rename|link|unlink|mkdir)/.test(name)

/** The same of a home of version 0.1.0 that is taken over; each look takes it over to its end. */
async function cutConversion(strace: string): Promise<{ whole: Tally; withoutFolders: Tally }> {
  const folder = join(work, 'old')
  mkdirSync(folder)
  oldHome(folder)
  const home = join(folder, 'home')
  const before = filesBelow(home)
  const calls = await trace(strace, './powercut-conversion.ts', home)
  const missing = await lookForAll(home)
  const times = Math.ceil(cuts / 8)
  const lookAtHome = async (of: string): Promise<Found> => {
    const lost = await missing(of)
    return { lost: lost === undefined ? [] : [lost], alarms: [] }
  }
  const cut = (of: number, synced: (path: string) => boolean): Promise<Tally> =>
    cutPower({ calls, disk: new Disk(home, before), times: of, synced, near: renames, look: lookAtHome })
  return {
    whole: await cut(times, () => true),
    withoutFolders: await cut(times, (path) => !/\/(table|home|table-of-0\.1\.0\.new)$/.test(path)),
  }
}

const counts = ({ cuts: of, lost, alarms }: Tally) => ({ cuts: of, lost, alarms })

let strace = ''
await need(() => {
  strace = ensureStrace()
})
const work = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'cloister-powercut-'))
try {
  const home = join(work, 'home')
  const calls = await trace(strace, './powercut-load.ts', home)
  const isFolder = (path: string): boolean => !/\.[a-z]+(-\w+)?$|\/head$|~(\.[\w-]+)?$|\/\.incoming\//.test(path)
  const cut = (times: number, synced: (path: string) => boolean): Promise<Tally> =>
    cutPower({ calls, disk: new Disk(home), times, synced })
  const whole = await cut(cuts, () => true)
  const fewer = Math.ceil(cuts / 2)
  const withoutLog = await cut(fewer, (path) => !path.endsWith('table.sqlite-wal'))
  const withoutLogin = await cut(fewer, (path) => !/login\.db(-wal)?$/.test(path))
  const withoutLetters = await cut(fewer, (path) => !/letters(\/|$)/.test(path))
  const withoutFolders = await cut(fewer, (path) => !isFolder(path))
  const conversion = await cutConversion(strace)
  for (const example of [...whole.examples, ...conversion.whole.examples].slice(0, 10))
    process.stderr.write(`${example}\n`)
  const bites = [withoutLog, withoutLogin, withoutLetters, withoutFolders, conversion.withoutFolders].filter(
    ({ lost, alarms }) => lost + alarms > 0,
  ).length
  report(
    'powercut',
    values.quick,
    {
      calls: calls.length,
      syncs: calls.filter(({ name }) => name.endsWith('sync')).length,
      acknowledged: calls.filter((call) => told(call)?.startsWith('!')).length,
      cuts: whole.cuts,
      withoutSyncsOfTheLog: counts(withoutLog),
      withoutSyncsOfTheLogin: counts(withoutLogin),
      withoutSyncsOfLetters: counts(withoutLetters),
      withoutSyncsOfFolders: counts(withoutFolders),
      conversion: counts(conversion.whole),
      conversionWithoutSyncsOfFolders: counts(conversion.withoutFolders),
    },
    {
      lost: atMost(0, whole.lost + conversion.whole.lost),
      falseAlarms: atMost(0, whole.alarms),
      bites: atLeast(5, bites),
    },
  )
} finally {
  rmSync(work, { recursive: true, force: true })
}
