/** Making a synthetic table: buys what nobody declared, draws, and keeps what was paid for before it is used. */
import { own, setOwn } from '../domain/own.ts'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { encode } from './synthesis-encode.ts'
import type { Checkpoint } from '../domain/synthesis/journal.ts'
import type { Made, MakeManifest, RoundShown } from '../domain/synthesis/manifest.ts'
import type { SynthesisPlan } from '../domain/synthesis/plan.ts'
import { buyColumn } from '../domain/synthesis/buy-column.ts'
import { type Bought, domainOf, keptColumns, sharesOf } from '../domain/synthesis/request.ts'
import { synthesise } from '../domain/synthesis/synthesise.ts'
import { LinkFailed, type RunnerIo } from './io.ts'
import { secure } from './secure-random.ts'
import { toParquet, writeTable } from './synthesis-output.ts'
import type { RealTable } from './synthesis-table.ts'

/** What an attempt has paid for: bounds and categories bought, and the engine's draws. */
interface Kept {
  bought: Record<string, Bought>
  engine?: Checkpoint
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
    if (own(kept.bought, column.name)) continue
    const texts: string[] = []
    for await (const [text] of real.rows([column.name])) if (text !== '') texts.push(text!)
    setOwn(kept.bought, column.name, buyColumn(column, texts, shares, plan, secure()))
    await keep()
  }
  return kept.bought
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

/** Makes the table and writes it to its links. Stops between two rounds when `signal` fires. */
export async function make(
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
      if (performance.now() - told < 300) return
      told = performance.now()
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
