/**
 * `npm run bench -- sealed`: what sealing at rest costs (decision 0022): objects put and read, and rows written and
 * read, sealed against plain, turn by turn in one run, on the disk of the system's temporary folder.
 */
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { localObjects } from '../adapters/local/objects.ts'
import type { Seal } from '../adapters/local/seal.ts'
import { localTable } from '../adapters/local/table.ts'
import { makeTable } from '../adapters/local/table-folder.ts'
import { atLeast, atMost, report } from './report.ts'

const quick = process.argv.includes('--quick')
const largeBytes = (quick ? 8 : 64) * 2 ** 20
const rounds = quick ? 2 : 7
const rows = quick ? 200 : 2000

const middle = (numbers: number[]): number => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)]!
async function milliseconds(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now()
  await work()
  return performance.now() - began
}

async function opened(folder: string, seal: Seal | undefined) {
  await makeTable(join(folder, 'store'), () => {})
  const failed = (error: Error): never => {
    throw error
  }
  const table = await localTable({ folder: join(folder, 'store'), failed, seal })
  const objects = localObjects({ folder: join(folder, 'objects'), baseUrl: '', secret: randomBytes(32), table, seal })
  return { table, objects, times: new Map<string, number[]>() }
}
type Opened = Awaited<ReturnType<typeof opened>>

async function round({ table, objects, times }: Opened, turn: number, bytes: Buffer): Promise<void> {
  const note = async (name: string, work: () => Promise<unknown>): Promise<void> => {
    const took = await milliseconds(work)
    times.set(name, [...(times.get(name) ?? []), took])
  }
  await note('put', () => objects.put('protected', 'large', bytes, 'application/octet-stream'))
  await note('get', () => objects.get('protected', 'large'))
  const value = 'x'.repeat(500)
  await note('write', () =>
    Promise.all(
      Array.from({ length: rows }, (_, i) => table.create({ pk: `BENCH#${turn}`, sk: `${i}`.padStart(8, '0'), value })),
    ),
  )
  await note('read', async () => {
    for (let i = 0; i < rows; i++) await table.get({ pk: `BENCH#${turn}`, sk: `${i}`.padStart(8, '0') })
  })
}

const folder = await mkdtemp(join(tmpdir(), 'cloister-bench-sealed-'))
try {
  const bytes = randomBytes(largeBytes)
  const sides = {
    plain: await opened(join(folder, 'plain'), undefined),
    sealed: await opened(join(folder, 'sealed'), { key: randomBytes(32), writes: true }),
  }
  for (let turn = 0; turn < rounds; turn++) for (const side of Object.values(sides)) await round(side, turn, bytes)
  const figures: Record<string, number> = {}
  for (const [name, { table, times }] of Object.entries(sides)) {
    const [put, get, write, read] = ['put', 'get', 'write', 'read'].map((what) => middle(times.get(what)!))
    figures[`${name}-put-mb-per-s`] = Math.round(largeBytes / 1000 / put!)
    figures[`${name}-get-mb-per-s`] = Math.round(largeBytes / 1000 / get!)
    figures[`${name}-row-write-us`] = Math.round((write! * 1000) / rows)
    figures[`${name}-row-read-us`] = Math.round((read! * 1000) / rows)
    await table.close()
  }
  const ratio = (what: string): number => Number((figures[`sealed-${what}`]! / figures[`plain-${what}`]!).toFixed(2))
  report('sealed', quick, figures, {
    putToPlain: atLeast(0.4, ratio('put-mb-per-s')),
    getToPlain: atLeast(0.4, ratio('get-mb-per-s')),
    rowWriteToPlain: atMost(2, ratio('row-write-us')),
  })
} finally {
  await rm(folder, { recursive: true, force: true })
}
