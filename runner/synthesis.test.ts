/**
 * Synthesis in the runner, without a platform around it: odd tables by column, every format, what is kept and never
 * drawn twice, and prices that add up.
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { readCsv } from '../domain/datasets/csv.ts'
import type { Listed } from '../domain/synthesis/column-domain.ts'
import type { LinkTo } from '../domain/jobs/manifest.ts'
import type {
  EvaluateManifest,
  Made,
  MakeManifest,
  SynthesisReport,
  TableFormat,
} from '../domain/synthesis/manifest.ts'
import type { PlannedColumn, SynthesisPlan } from '../domain/synthesis/plan.ts'
import { sharesOf } from '../domain/synthesis/request.ts'
import { openDuck } from './engine/duckdb.ts'
import { LinkFailed, type RunnerIo } from './io.ts'
import { runSynthesis } from './synthesis.ts'
import { rowsOf } from './synthesis-table.ts'

const link = (url: string): LinkTo => ({ url, headers: {} })
const plan = (columns: PlannedColumn[], over: Partial<SynthesisPlan> = {}): SynthesisPlan => ({
  columns,
  rules: [],
  rowsPerPerson: 1,
  rowsDeclared: 300,
  method: 'independent',
  epsilon: 2,
  delta: 1e-6,
  wishes: [],
  ...over,
})
const csvOf = (rows: number, columns: Record<string, (i: number) => string>): string =>
  `${Object.keys(columns).join(',')}\n${Array.from({ length: rows }, (_, row) =>
    Object.values(columns)
      .map((f) => f(row))
      .join(','),
  ).join('\n')}\n`

/** Links that lead into memory; `failing` may refuse a write. */
function memory(
  table: string | Uint8Array,
  failing: (url: string, nth: number) => boolean = () => false,
): { io: RunnerIo; objects: Map<string, Uint8Array>; report: () => SynthesisReport } {
  const objects = new Map<string, Uint8Array>([['table', Buffer.from(table)]])
  const writes = new Map<string, number>()
  const found = (link: LinkTo): Uint8Array => {
    const bytes = objects.get(link.url)
    if (!bytes) throw new LinkFailed('answered 404', true)
    return bytes
  }
  const io: RunnerIo = {
    get: async (l) => Buffer.from(found(l)),
    save: async (l, path) => writeFile(path, found(l)),
    put: async (link, bytes) => {
      const nth = (writes.get(link.url) ?? 0) + 1
      writes.set(link.url, nth)
      if (failing(link.url, nth)) throw new Error('killed')
      objects.set(link.url, Buffer.from(bytes))
    },
  }
  return { io, objects, report: () => JSON.parse(gunzipSync(objects.get('report')!).toString()) as SynthesisReport }
}
const manifest = (settings: SynthesisPlan, format: TableFormat = 'csv'): MakeManifest => ({
  job: 'job',
  runtime: 'synthesis',
  act: 'make',
  plan: settings,
  table: link('table'),
  format,
  report: link('report'),
  kept: [link('keep'), link('before')],
  keep: link('keep'),
  progress: link('progress'),
  csv: link('csv'),
  parquet: link('parquet'),
})
const never = new AbortController().signal

async function made(
  settings: SynthesisPlan,
  table: string | Uint8Array,
  format?: TableFormat,
): Promise<{ made: Made; rows: string[][]; objects: Map<string, Uint8Array> }> {
  const store = memory(table)
  await runSynthesis(manifest(settings, format), store.io, never)
  const report = store.report()
  if (!('made' in report)) throw new Error(JSON.stringify(report))
  return {
    made: report.made,
    rows: [...readCsv(Buffer.from(store.objects.get('csv')!).toString())].map((r) => r.cells),
    objects: store.objects,
  }
}
async function faults(
  settings: SynthesisPlan,
  table: string | Uint8Array,
  format?: TableFormat,
): Promise<{ faults: { column?: string; message: string }[]; objects: Map<string, Uint8Array> }> {
  const store = memory(table)
  await runSynthesis(manifest(settings, format), store.io, never)
  return { ...(store.report() as { faults: { column?: string; message: string }[] }), objects: store.objects }
}
const listed = (name: string, ...categories: string[]): PlannedColumn => ({
  name,
  kind: 'categorical',
  categories,
  missing: false,
})
const total = (m: Made): bigint => m.drawn.reduce((n, d) => n + BigInt(d.nanoRho), 0n)

describe('what is drawn', () => {
  const table = csvOf(300, {
    a: (i) => String(i % 2),
    b: (i) => String((i >> 1) % 3),
    c: (i) => String(i % 40),
    d: (i) => (i % 5 === 0 ? '' : `v${i % 4}`),
  })
  const columns: PlannedColumn[] = [
    listed('a', '0', '1'),
    listed('b', '0', '1', '2'),
    { name: 'c', kind: 'numeric', bins: 8, integer: true, missing: true, buy: true },
    { name: 'd', kind: 'categorical', open: true, missing: true, buy: true },
  ]
  it.each(['aim', 'mst', 'privsyn', 'independent', 'auto'] as const)(
    '%s draws its price, to the nano-rho',
    async (method) => {
      const settings = plan(columns, { method })
      const { made: result } = await made(settings, table)
      expect(total(result)).toBe(sharesOf(settings).total)
      expect(result.drawn.slice(0, 2)).toMatchObject([
        { what: 'bounds', columns: ['c'] },
        { what: 'categories', columns: ['d'] },
      ])
    },
  )
  it('is kept before it is used, and never drawn again: killed at each write of it, the next attempt goes on from there', async () => {
    const settings = plan(columns, { method: 'mst' })
    const whole = memory(table)
    await runSynthesis(manifest(settings), whole.io, never)
    const entries = (objects: Map<string, Uint8Array>): unknown[] => {
      const kept = JSON.parse(Buffer.from(objects.get('keep') ?? Buffer.from('{"bought":{}}')).toString()) as {
        bought: object
        engine?: { entries: unknown[] }
      }
      return [...Object.entries(kept.bought), ...(kept.engine?.entries ?? [])]
    }
    const writes = entries(whole.objects).length
    for (const at of [1, 2, 3, 5, writes].filter((n) => n <= writes)) {
      const store = memory(table, (url, nth) => url === 'keep' && nth === at)
      await expect(runSynthesis(manifest(settings), store.io, never)).rejects.toThrow('killed')
      const before = entries(store.objects)
      expect(before).toHaveLength(at - 1)
      // The next attempt is another job: what the first one kept lies elsewhere.
      const next = memory(table)
      if (store.objects.has('keep')) next.objects.set('before', store.objects.get('keep')!)
      await runSynthesis(manifest(settings), next.io, never)
      expect(next.report()).toHaveProperty('made')
      const kept = next.objects.has('keep') ? entries(next.objects) : before
      expect(kept.slice(0, before.length)).toEqual(before)
    }
  })
  it('is not drawn anew when what was kept cannot be reached', async () => {
    const store = memory(table)
    store.io.get = async () => {
      throw new LinkFailed('answered 503')
    }
    await expect(runSynthesis(manifest(plan(columns)), store.io, never)).rejects.toThrow(LinkFailed)
    expect(store.objects.has('keep')).toBe(false)
  })
})

describe('odd tables', () => {
  it('a value that is not declared, a column that is not there: by column, with nothing drawn', async () => {
    const table = csvOf(50, { colour: (i) => ['red', 'blue', 'green'][i % 3]!, n: (i) => String(i) })
    const bought: PlannedColumn = { name: 'n', kind: 'numeric', bins: 5, integer: true, missing: false, buy: true }
    const found = await faults(plan([listed('colour', 'red', 'blue'), bought]), table)
    expect(found.faults).toEqual([
      {
        column: 'colour',
        message: expect.stringContaining('Row 3 has a value in column “colour” that is not declared'),
      },
    ])
    expect(found.objects.has('keep')).toBe(false)
    expect((await faults(plan([listed('gone', 'x')]), table)).faults).toEqual([
      { column: 'gone', message: 'The table has no column “gone”' },
    ])
    expect((await faults(plan([bought]), table.replace('red,0', 'red,zero'))).faults[0]).toMatchObject({ column: 'n' })
  })
  it('files that are no tables', async () => {
    const settings = plan([listed('a', '1')])
    expect((await faults(settings, '')).faults[0]!.message).toBe('The file is empty.')
    expect((await faults(settings, 'a,a\n1,2\n')).faults[0]!.message).toContain('have the same name')
    expect((await faults(settings, 'a,b\n1,2\n3\n')).faults[0]!.message).toContain('Line 3')
    expect(
      (await faults(settings, Buffer.concat([Buffer.from('PAR1'), Buffer.alloc(300, 9)]), 'parquet')).faults[0]!
        .message,
    ).toContain('not a whole Parquet file')
  })
  it('one value, all missing, names of every script, numbers with commas, quoted line ends, semicolons', async () => {
    const table = csvOf(300, {
      one: () => 'same',
      nothing: () => 'NA',
      '"größe; 身長 ""x"""': (i) => `"1,${100 + i}"`,
      text: (i) => (i % 2 ? '"a\nb"' : ' c '),
    })
    const { rows } = await made(
      plan([
        listed('one', 'same', 'other one'),
        { ...listed('nothing', 'x'), missing: true } as PlannedColumn,
        {
          name: 'größe; 身長 "x"',
          kind: 'numeric',
          minimum: 1000,
          maximum: 1500,
          bins: 5,
          integer: true,
          missing: true,
        },
        listed('text', 'a\nb', 'c'),
      ]),
      table,
    )
    const body = rows.slice(1)
    const share = (c: number, v: string): number => body.filter((r) => r[c] === v).length / body.length
    expect(rows[0]).toEqual(['one', 'nothing', 'größe; 身長 "x"', 'text'])
    expect(share(0, 'same')).toBeGreaterThan(0.8)
    expect(share(1, '')).toBeGreaterThan(0.8)
    expect(body.filter((r) => Number(r[2]) >= 1000).length).toBeGreaterThan(body.length * 0.8)
    expect(share(3, 'a\nb')).toBeGreaterThan(0.3)
    expect((await made(plan([listed('a', '1', '2')]), 'a;b\n1;x\n2;y\n')).rows[0]).toEqual(['a'])
  })
  it('a column with fifty thousand values has none that is common', async () => {
    const { made: result } = await made(
      plan([{ name: 'code', kind: 'categorical', open: true, missing: true, buy: true }], {
        rowsDeclared: 50_000,
        rows: 10,
      }),
      csvOf(50_000, { code: (i) => `c${i}` }),
    )
    expect((result.domain.columns[0] as Listed).categories.length).toBeLessThan(3)
  })
  it('two hundred columns and ten rows', async () => {
    const names = Array.from({ length: 200 }, (_, i) => `v${i}`)
    const { rows } = await made(
      plan(
        names.map((n) => listed(n, '0', '1')),
        { rows: 10, epsilon: 1 },
      ),
      csvOf(10, Object.fromEntries(names.map((n, i) => [n, (r: number) => String((r + i) % 2)]))),
    )
    expect(rows).toHaveLength(11)
    expect(rows[0]).toEqual(names)
  })
  it('Parquet as it is uploaded and as it is stored; the synthetic table is Parquet too', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'cloister-odd-'))
    const path = join(folder, 'x.parquet')
    const out = join(folder, 'out.parquet')
    const duck = await openDuck({ files: [], folders: [folder], memoryMb: 256 })
    try {
      await duck.run(
        `COPY (SELECT i AS __subject, i % 5 AS n, i % 2 = 0 AS even, DATE '2020-01-01' + CAST(i % 300 AS INTEGER) AS d, CASE WHEN i % 3 > 0 THEN 'none' END AS c FROM range(400) t(i)) TO '${path}' (FORMAT parquet)`,
      )
      const columns: PlannedColumn[] = [
        listed('n', '0', '1', '2', '3', '4'),
        listed('even', 'true', 'false'),
        { name: 'd', kind: 'date', minimum: '2020-01-01', maximum: '2020-12-31', bins: 6, missing: false },
        { ...listed('c', 'none'), missing: true } as PlannedColumn,
      ]
      const stored = await made(plan(columns), await readFile(path), 'stored')
      // In a stored table `none` is a category; in an upload it is a way to write missing, as the reading has it.
      expect(stored.rows.slice(1).filter((r) => r[3] === 'none').length).toBeGreaterThan(150)
      await writeFile(out, stored.objects.get('parquet')!)
      const types = (await duck.rows(`DESCRIBE SELECT * FROM read_parquet('${out}')`)).map((r) => r[1])
      expect(types).toEqual(['VARCHAR', 'VARCHAR', 'DATE', 'VARCHAR'])
      expect((await faults(plan(columns), await readFile(path), 'parquet')).faults[0]!.message).toContain('__subject')
    } finally {
      duck.close()
      await rm(folder, { recursive: true, force: true })
    }
  })
})

it('figures that are paid for are noisy means; the others are exact, by column and pair', async () => {
  const table = csvOf(400, { a: (i) => String(i % 2), b: (i) => String(i % 2) })
  const settings = plan([listed('a', '0', '1'), listed('b', '0', '1')], { epsilon: 10 })
  const { made: result, objects } = await made(settings, table)
  const run = async (over: Partial<EvaluateManifest>) => {
    const io = memory(table)
    io.objects.set('csv', objects.get('csv')!)
    await runSynthesis(
      {
        job: 'job',
        runtime: 'synthesis',
        act: 'evaluate',
        plan: settings,
        table: link('table'),
        format: 'csv',
        report: link('report'),
        domain: result.domain,
        rows: result.estimatedRows,
        synthetic: link('csv'),
        kind: 'agreement',
        nanoRho: 0,
        ...over,
      },
      io.io,
      never,
    )
    return (
      io.report() as {
        evaluated: {
          charged: boolean
          noise?: number
          figures?: { tvd2: number }
          agreement?: { tvd2: { tvd: number }[] }
          model?: { aucReal: number; aucSynthetic: number }
        }
      }
    ).evaluated
  }
  // Columns that are made one by one do not know that they are equal.
  const exact = await run({})
  expect(exact.charged).toBe(false)
  expect(exact.agreement!.tvd2[0]!.tvd).toBeGreaterThan(0.4)
  const paid = await run({ nanoRho: 500_000_000 })
  expect(Math.abs(paid.figures!.tvd2 - exact.agreement!.tvd2[0]!.tvd)).toBeLessThan(8 * paid.noise! + 0.02)
  const { model } = await run({ kind: 'model', target: 'a' })
  expect(model!.aucReal).toBeGreaterThan(0.95)
})

it('rows are cut where a line ends outside of quotes, however the file is cut', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'cloister-rows-'))
  const path = join(folder, 'x.csv')
  try {
    const long = 'x"\n,'.repeat(600_000)
    await writeFile(path, `a,b\n1,"${long.replaceAll('"', '""')}"\n2,y\n3,z`)
    const rows: string[][] = []
    for await (const row of rowsOf(path)) rows.push(row)
    expect(rows.map((r) => r[0])).toEqual(['a', '1', '2', '3'])
    expect(rows[1]![1]).toHaveLength(long.length)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})
