/**
 * Corrupted homes: of a real home one file at a time is flipped, cut, emptied, removed, or swapped with an older one,
 * and then looked at as `cloister doctor` does. A home of which nothing is said must hold what it held, to the last
 * byte of every item and object; where something is lost, a sentence says what to do. `--homes N` (1000), `--seed N`,
 * `--each` (prints what is said of each), `--quick` (60). Prints last one line of JSON.
 */
import { createHash, randomUUID } from 'node:crypto'
import { cp, link, mkdir, mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { parseArgs } from 'node:util'
import { fileOf } from '../adapters/local/object-records.ts'
import { TableFile } from '../adapters/local/table-file.ts'
import { tableFile } from '../adapters/local/table-folder.ts'
import { isDamaged, sentenceOf } from '../domain/care/finding.ts'
import { lookAt } from '../local/care/look.ts'
import { seenIn } from '../local/care/look-items.ts'
import { startHost } from '../local/host.ts'
import { storeFolder } from '../local/store.ts'
import { freePort } from '../local/testing.ts'
import { Trouble } from '../local/trouble.ts'
import { putDemoHome } from '../test/demo-home.ts'
import { atMost, report } from './report.ts'

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    homes: { type: 'string' },
    seed: { type: 'string', default: '1' },
    each: { type: 'boolean', default: false },
  },
})
const homes = Number(values.homes ?? (values.quick ? 60 : 1000))

/** A small generator of numbers, so that a seed names the same damage again (mulberry32). */
let state = Number(values.seed)
function chance(below: number): number {
  state = (state + 0x6d2b79f5) | 0
  let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
  return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below)
}
const oneOf = <T>(all: readonly T[]): T => all[chance(all.length)]!

const root = await mkdtemp(join(tmpdir(), 'cloister-corrupt-'))
const at = (name: string): string => join(root, name)

const passing = /-shm$|^lock$|^host\.json$|^cloister\.log|^table\/|^work\/|^runners\//

/** Files of a home that hold something; what the next start makes anew is not one of them. */
async function filesOf(home: string): Promise<string[]> {
  const found: string[] = []
  for (const one of await readdir(home, { recursive: true, withFileTypes: true })) {
    const name = relative(home, join(one.parentPath, one.name))
    if (one.isFile() && !passing.test(name) && (await stat(join(home, name))).size > 0) found.push(name)
  }
  return found.sort()
}

/** A home whose files are the same as another's, at no cost; `victim` is a copy of its own. */
async function linked(from: string, to: string, victim: string): Promise<void> {
  for (const name of await filesOf(from)) {
    await mkdir(dirname(join(to, name)), { recursive: true })
    if (name === victim) await cp(join(from, name), join(to, name))
    else await link(join(from, name), join(to, name))
  }
}

/** What a home holds: a digest of every item, and of every object that is recorded. */
async function contentOf(home: string): Promise<string> {
  const hash = createHash('sha256')
  const table = TableFile.read(tableFile(storeFolder(home)))
  try {
    const rows = [...table.all()].map(({ pk, sk, gpk, gsk, value }) => JSON.stringify([pk, sk, gpk, gsk, value]))
    for (const row of rows.sort()) hash.update(row)
    for (const { bucket, key, record } of seenIn(table).objects)
      hash.update(await readFile(fileOf(join(home, 'objects'), bucket, key, record)))
  } finally {
    table.close()
  }
  for (const name of ['keyring.json', 'secrets.json', 'login-keys.json']) hash.update(await readFile(join(home, name)))
  return hash.digest('hex')
}

async function flip(file: string, times: number): Promise<void> {
  const bytes = await readFile(file)
  for (let i = 0; i < times && bytes.length > 0; i++) bytes[chance(bytes.length)]! ^= 1 << chance(8)
  await writeFile(file, bytes)
}
/** What happens to a file; `older` is the same file of an earlier day, where there was one. */
const damages: Record<string, (file: string, older: string) => Promise<void>> = {
  'one bit': (file) => flip(file, 1),
  'sixteen bits': (file) => flip(file, 16),
  cut: async (file) => truncate(file, chance((await stat(file)).size)),
  emptied: (file) => truncate(file, 0),
  removed: (file) => rm(file),
  older: (file, older) => cp(older, file).catch(() => rm(file)),
}

interface Tried {
  file: string
  damage: string
  /** What was said; nothing when nothing was. */
  says: string
  lost: boolean
}

async function tryOne(from: string, older: string, file: string, damage: string, content: string): Promise<Tried> {
  const home = at(`home-${randomUUID()}`)
  try {
    await linked(from, home, file)
    await damages[damage]!(join(home, file), join(older, file))
    const { findings } = await lookAt(home, 'whole', () => {})
    const says = findings.filter((one) => one.grade === 'damage').map((one) => sentenceOf(one))
    const silent = !isDamaged(findings)
    const same = silent && (await contentOf(home).catch(() => '')) === content
    return { file, damage, says: says[0] ?? '', lost: silent && !same }
  } finally {
    await rm(home, { recursive: true, force: true })
  }
}

/** Whether a host that starts on the home says what is wrong instead of beginning anew. */
async function hostRefuses(from: string, file: string): Promise<boolean> {
  const home = at(`start-${randomUUID()}`)
  await cp(from, home, { recursive: true })
  await rm(join(home, file))
  try {
    const host = await startHost({ port: await freePort(), home, quiet: true })
    await host.close()
    return false
  } catch (e) {
    return e instanceof Trouble
  } finally {
    await rm(home, { recursive: true, force: true })
  }
}

try {
  const [older, newer, killed] = ['older', 'newer', 'killed'].map(at) as [string, string, string]
  await putDemoHome(older)
  await cp(older, newer, { recursive: true })
  const host = await startHost({ port: await freePort(), home: newer, quiet: true })
  for (let i = 0; i < 20; i++)
    await host.deps.objects.put('released', `jobs/job_${i % 10}/x${i}`, Buffer.from(`${i}`), 'x/y')
  await host.deps.keys.createKey('org_of_another_day')
  // Nothing is being written: a kill at this moment leaves what is here.
  await cp(newer, killed, { recursive: true })
  await host.close()

  const [closedContent, killedContent] = [await contentOf(newer), await contentOf(killed)]
  const files = await filesOf(newer)
  const store = (await filesOf(killed)).filter((name) => name.startsWith('store/'))
  const objects = files.filter((name) => name.startsWith('objects/'))
  const others = files.filter((name) => !name.startsWith('objects/'))
  const tried: Tried[] = []
  const began = performance.now()
  // Every file that is no object in every way once, also as a kill leaves it; then by chance.
  const once = [...others.map((file) => [newer, file] as const), [killed, 'store/table.sqlite-wal'] as const]
  const planned = once.flatMap(([from, file]) => Object.keys(damages).map((damage) => [from, file, damage] as const))
  const atChance = (): readonly [string, string, string] => {
    const from = oneOf([newer, newer, killed])
    const file = from === killed ? oneOf(store) : oneOf([oneOf(objects), oneOf(others)])
    return [from, file, oneOf(Object.keys(damages))]
  }
  while (tried.length < homes) {
    const [from, file, damage] = planned[tried.length] ?? atChance()
    tried.push(await tryOne(from, older, file, damage, from === newer ? closedContent : killedContent))
  }
  const seconds = (performance.now() - began) / 1000
  const begun: string[] = []
  const starts = ['store/table.sqlite', 'store/head', 'keyring.json', 'secrets.json', 'login.db', 'login-keys.json']
  for (const file of starts) if (!(await hostRefuses(newer, file))) begun.push(file)

  const lost = tried.filter((one) => one.lost)
  if (values.each)
    for (const { file, damage, says } of tried) console.error(`${damage} ${file}: ${says || 'nothing lost'}`)
  for (const { file, damage } of lost) console.error(`silent: ${damage} ${file}`)
  for (const file of begun) console.error(`a host starts without ${file} and says nothing`)
  report(
    'corrupt',
    values.quick,
    {
      homes: tried.length,
      damageSaid: tried.filter((one) => one.says !== '').length,
      harmless: tried.filter((one) => one.says === '' && !one.lost).length,
      hostStarts: starts.length,
      seconds: Math.round(seconds),
    },
    { lost: atMost(0, lost.length + begun.length) },
  )
} finally {
  await rm(root, { recursive: true, force: true })
}
