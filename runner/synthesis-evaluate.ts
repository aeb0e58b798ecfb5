/** Comparing a synthetic table with the real one: how far they agree, or what a model learned from it is worth. */
import { join } from 'node:path'
import type { Domain } from '../domain/synthesis/column-domain.ts'
import type { Table } from '../domain/synthesis/encode.ts'
import { agreement, chargedAgreement } from '../domain/synthesis/evaluation.ts'
import { learned } from '../domain/synthesis/learning.ts'
import type { EvaluateManifest, EvaluationResult } from '../domain/synthesis/manifest.ts'
import type { RunnerIo } from './io.ts'
import { secure } from './secure-random.ts'
import { encode } from './synthesis-encode.ts'
import { type RealTable, rowsOf } from './synthesis-table.ts'

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

/** Evaluates as the manifest asks; figures that cost budget come with their noise. */
export async function evaluate(
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
