/**
 * Synthetic tables: fetches the real one, makes or evaluates, hands over what came out. The platform's own code, so
 * nothing here is confined; nothing of a row leaves but by the engine's draws.
 */
import { createHash, randomFillSync } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { finished } from 'node:stream/promises'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { csvLine } from '../domain/datasets/csv.ts'
import { Uniform } from '../domain/privacy/randomness.ts'
import { decodeRows } from '../domain/synthesis/decode.ts'
import type { Domain } from '../domain/synthesis/domain.ts'
import { Encoder, type Table } from '../domain/synthesis/encode.ts'
import { SynthesisError } from '../domain/synthesis/errors.ts'
import { agreement, chargedAgreement, learned } from '../domain/synthesis/evaluation.ts'
import type { Checkpoint } from '../domain/synthesis/journal.ts'
import type {
  EvaluateManifest,
  EvaluationResult,
  Made,
  MakeManifest,
  RoundShown,
  SynthesisManifest,
  SynthesisReport,
} from '../domain/synthesis/manifest.ts'
import type { SynthesisPlan } from '../domain/synthesis/plan.ts'
import { type Bought, buyColumn, domainOf, keptColumns, sharesOf } from '../domain/synthesis/request.ts'
import { Stream } from '../domain/synthesis/stream.ts'
import { synthesise } from '../domain/synthesis/synthesise.ts'
import { literalList, openDuck } from './engine/duckdb.ts'
import { LinkFailed, type RunnerIo } from './io.ts'
import { openTable, type RealTable, rowsOf } from './synthesis-table.ts'

/** What an attempt has paid for: bounds and categories bought, and the engine's draws. */
interface Kept {
  bought: Record<string, Bought>
  engine?: Checkpoint
}

const secure = (): Uniform =>
  new Uniform((bytes) => {
    randomFillSync(bytes)
  })

/** The table's rows as codes. */
async function encode(rows: AsyncIterable<readonly string[]>, domain: Domain): Promise<Table> {
  const encoder = new Encoder(domain)
  for await (const cells of rows) encoder.add(cells)
  return encoder.table()
}

/** Buys what nobody declared, keeping each purchase before it is used. */
async function buy(
  plan: SynthesisPlan,
  real: RealTable,
  kept: Kept,
  keep: () => Promise<void>,
): Promise<Record<string, Bought>> {
  const shares = sharesOf(plan)
  for (const column of shares.bought) {
    if (kept.bought[column.name]) continue
    const texts: string[] = []
    for await (const [text] of real.rows([column.name])) if (text !== '') texts.push(text!)
    kept.bought[column.name] = buyColumn(column, texts, shares, plan, secure())
    await keep()
  }
  return kept.bought
}

const shown = (v: string | number | null): string | number | null =>
  typeof v === 'number' && !Number.isInteger(v) ? Number(v.toPrecision(6)) : v

/** Writes the synthetic rows as CSV: the plan's columns in order, identifiers made anew as row numbers. */
async function writeTable(
  path: string,
  plan: SynthesisPlan,
  table: Table,
  domain: Domain,
): Promise<{ sha256: string; bytes: number }> {
  const out = createWriteStream(path)
  const hash = createHash('sha256')
  const columns = plan.columns.filter((c) => c.kind !== 'identifier' || c.use === 'recreate')
  let text = csvLine(columns.map((c) => c.name))
  let bytes = 0
  let row = 0
  const flush = async (): Promise<void> => {
    const chunk = Buffer.from(text)
    hash.update(chunk)
    bytes += chunk.length
    text = ''
    if (!out.write(chunk))
      await new Promise<void>((resolve) => {
        out.once('drain', () => {
          resolve()
        })
      })
  }
  for (const values of decodeRows(table, domain, new Stream(secure()))) {
    row++
    let next = 0
    text += csvLine(columns.map((c) => (c.kind === 'identifier' ? row : shown(values[next++]!))))
    if (text.length > 1 << 20) await flush()
  }
  await flush()
  out.end()
  await finished(out)
  return { sha256: hash.digest('hex'), bytes }
}

function duckType(column: SynthesisPlan['columns'][number]): string {
  switch (column.kind) {
    case 'numeric':
      return column.integer ? 'BIGINT' : 'DOUBLE'
    case 'date':
      return 'DATE'
    case 'identifier':
      return 'BIGINT'
    default:
      return 'VARCHAR'
  }
}

/** The CSV as Parquet, its types as the domain has them. */
async function toParquet(csv: string, parquet: string, plan: SynthesisPlan): Promise<void> {
  const columns = plan.columns
    .filter((c) => c.kind !== 'identifier' || c.use === 'recreate')
    .map((c) => `'${c.name.replaceAll("'", "''")}': '${duckType(c)}'`)
    .join(', ')
  const [from] = literalList([csv]).slice(1, -1).split(', ')
  const to = literalList([parquet]).slice(1, -1)
  const duck = await openDuck({ files: [csv, parquet], memoryMb: 2048 })
  try {
    await duck.run(
      `COPY (SELECT * FROM read_csv(${from}, header = true, columns = {${columns}})) TO ${to} (FORMAT parquet, COMPRESSION zstd)`,
    )
  } finally {
    duck.close()
  }
}

/**
 * Draws of earlier attempts: the first that are there. Only that nothing lies at a link means that there are none:
 * drawing anew for any other reason would spend twice.
 */
async function keptBefore(manifest: MakeManifest, io: RunnerIo): Promise<Kept> {
  for (const link of manifest.kept) {
    try {
      return JSON.parse((await io.get(link)).toString('utf8')) as Kept
    } catch (e) {
      if (!(e instanceof LinkFailed && e.missing)) throw e
    }
  }
  return { bought: {} }
}

async function make(
  manifest: MakeManifest,
  io: RunnerIo,
  real: RealTable,
  folder: string,
  signal: AbortSignal,
): Promise<Made> {
  const kept = await keptBefore(manifest, io)
  const names = keptColumns(manifest.plan).map((c) => c.name)
  const keep = (): Promise<void> => io.put(manifest.keep, Buffer.from(JSON.stringify(kept)))
  // Before anything is bought, so that a table that does not fit its plan has cost nothing.
  if (sharesOf(manifest.plan).bought.length > 0) await encode(real.rows(names), domainOf(manifest.plan))
  const bought = await buy(manifest.plan, real, kept, keep)
  const domain = domainOf(manifest.plan, bought)
  const shares = sharesOf(manifest.plan)
  const rounds: RoundShown[] = []
  let told = 0
  const { table, account } = await synthesise({
    domain,
    data: await encode(real.rows(names), domain),
    method: manifest.plan.method,
    rowsDeclared: manifest.plan.rowsDeclared,
    budget: shares.engine,
    rowsPerPerson: manifest.plan.rowsPerPerson,
    workload: manifest.plan.wishes,
    random: secure(),
    ...(manifest.plan.rows === undefined ? {} : { rows: manifest.plan.rows }),
    ...(kept.engine ? { resume: kept.engine } : {}),
    checkpoint: async (checkpoint) => {
      kept.engine = checkpoint
      await keep()
    },
    progress: async (round) => {
      signal.throwIfAborted()
      rounds.push({
        round: round.round,
        rounds: round.rounds,
        columns: round.columns.map((c) => domain.columns[c]!.name),
        error: round.error,
        spent: Number(round.spent) / Number(round.budget),
      })
      if (Date.now() - told < 300) return
      told = Date.now()
      await io.put(manifest.progress, Buffer.from(JSON.stringify(rounds)))
    },
  })
  const csv = join(folder, 'data.csv')
  const parquet = join(folder, 'data.parquet')
  const written = await writeTable(csv, manifest.plan, table, domain)
  await toParquet(csv, parquet, manifest.plan)
  await Promise.all([
    io.put(manifest.progress, Buffer.from(JSON.stringify(rounds))),
    io.put(manifest.csv, await readFile(csv)),
    io.put(manifest.parquet, await readFile(parquet)),
  ])
  const purchases = shares.bought.map((purchase) => ({
    what: 'minimum' in bought[purchase.name]! ? 'bounds' : 'categories',
    columns: [purchase.name],
    nanoRho: Number(shares.each),
  }))
  return {
    method: account.method,
    why: account.why,
    rows: table.rows,
    estimatedRows: account.estimatedRows,
    domain,
    rounds,
    ...written,
    drawn: [
      ...purchases,
      ...account.drawn
        .filter((e) => e.kind !== 'note')
        .map((entry) => ({
          what: entry.what,
          columns: entry.columns,
          nanoRho: Number(entry.rho),
          ...(entry.sigma === undefined ? {} : { sigma: entry.sigma }),
        })),
    ],
  }
}

/** The synthetic rows as codes. */
async function synthetic(manifest: EvaluateManifest, io: RunnerIo, domain: Domain, folder: string): Promise<Table> {
  const path = join(folder, 'synthetic.csv')
  await io.save(manifest.synthetic, path)
  const rows = rowsOf(path)
  const header = (await rows.next()).value as string[]
  const at = domain.columns.map((c) => header.indexOf(c.name))
  async function* picked(): AsyncGenerator<string[]> {
    for await (const cells of rows) yield at.map((i) => cells[i]!)
  }
  return encode(picked(), domain)
}

async function evaluate(
  manifest: EvaluateManifest,
  io: RunnerIo,
  real: RealTable,
  folder: string,
): Promise<EvaluationResult> {
  const domain = openToOther(manifest.domain)
  const realTable = await encode(real.rows(domain.columns.map((c) => c.name)), domain)
  const syntheticTable = await synthetic(manifest, io, domain, folder)
  if (manifest.kind === 'model')
    return { charged: false, model: learned(realTable, syntheticTable, domain, manifest.target!, secure()) }
  if (manifest.nanoRho === 0) return { charged: false, agreement: agreement(realTable, syntheticTable, domain) }
  const { tvd1, tvd2, noise } = chargedAgreement(realTable, syntheticTable, domain, {
    rows: manifest.rows,
    rho: BigInt(manifest.nanoRho),
    rowsPerPerson: manifest.plan.rowsPerPerson,
    random: secure(),
  })
  return { charged: true, figures: { tvd1, tvd2 }, noise }
}

/** A synthetic file spells `other` out: with every listed column open, it finds its place again. */
const openToOther = (domain: Domain): Domain => ({
  columns: domain.columns.map((c) => (c.kind === 'categorical' || c.kind === 'ordinal' ? { ...c, open: true } : c)),
})

/**
 * Runs one synthesis job and hands over its report. A table that does not fit its plan is a report with faults by
 * column; everything else that goes wrong is thrown.
 */
export async function runSynthesis(manifest: SynthesisManifest, io: RunnerIo, signal: AbortSignal): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'cloister-synthesis-'))
  let real: RealTable | undefined
  try {
    let report: SynthesisReport
    try {
      real = await openTable(io, manifest.table, manifest.format, folder)
      report =
        manifest.act === 'make'
          ? { job: manifest.job, made: await make(manifest, io, real, folder, signal) }
          : { job: manifest.job, evaluated: await evaluate(manifest, io, real, folder) }
    } catch (e) {
      if (!(e instanceof SynthesisError)) throw e
      report = {
        job: manifest.job,
        faults: [{ ...(e.column === undefined ? {} : { column: e.column }), message: e.message }],
      }
    }
    await io.put(manifest.report, await promisify(gzip)(JSON.stringify(report)))
  } finally {
    real?.close()
    await rm(folder, { recursive: true, force: true })
  }
}
