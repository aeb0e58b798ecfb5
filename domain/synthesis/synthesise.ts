/**
 * Differentially private synthetic data: the engine's face. One call takes encoded rows and a budget and gives
 * synthetic codes and an account of what was drawn. Nothing in the result depends on the data except through the
 * journal, whose every entry is paid for.
 */
import type { NanoRho } from '../privacy/accounting.ts'
import type { Uniform } from '../privacy/randomness.ts'
import { aim } from './aim.ts'
import { chooseMethod, type Method } from './auto.ts'
import { checkDomain, defaultLimits, type Domain, type Limits, sizesOf } from './column-domain.ts'
import { checkTable, codesFor, type Table } from './encode.ts'
import type { Engine, Fitted, Round } from './engine.ts'
import { SynthesisError } from './errors.ts'
import { independent } from './independent.ts'
import { type Checkpoint, type Entry, Journal, type KeepCheckpoint } from './journal.ts'
import { mst } from './mst.ts'
import { privsyn } from './privsyn.ts'
import { refine } from './resolution.ts'
import { allowedOf } from './rules.ts'
import { Stream } from './stream.ts'

const methods: Record<Method, (e: Engine) => Promise<Fitted>> = { aim, mst, privsyn, independent }

export interface Request {
  domain: Domain
  data: Table
  /** `auto` decides by the domain, the budget and `rowsDeclared`. */
  method: Method | 'auto'
  /** About how many rows the data has, as its custodian declares it; 10,000 if not said. */
  rowsDeclared?: number
  /** nano-rho of zCDP; all of it is drawn. */
  budget: NanoRho
  /** How many rows one person may add to the data. */
  rowsPerPerson: number
  /** Marginals that matter most: by column names, and how many times as much as others (1..1000) they count. */
  workload?: readonly { columns: readonly string[]; weight: number }[]
  /** A CSPRNG; there is no seed. */
  random: Uniform
  /** How many rows to make; by default as many as the data has, as far as the noisy answers tell. */
  rows?: number
  limits?: Partial<Limits>
  /** Awaited after each round. Throwing ends the job. */
  progress?: (round: Round) => void | Promise<void>
  /** Awaited after each draw: keep it before going on. */
  checkpoint?: KeepCheckpoint
  /** What an earlier attempt kept: its draws are not drawn again. */
  resume?: Checkpoint
}

/** What was drawn and at which price, in order. The prices sum to the budget. */
export interface Account {
  method: Method
  /** Why `auto` took it; empty otherwise. */
  why: string
  budget: NanoRho
  rowsPerPerson: number
  drawn: { what: string; kind: Entry['kind']; columns: string[]; rho: NanoRho; sigma?: number }[]
  /** Rows of the data, as the noisy answers tell. */
  estimatedRows: number
  modelCells: number
  rounds: Round[]
}
export interface Synthesis {
  table: Table
  account: Account
}

/** Makes a synthetic table. Throws SynthesisError before anything is drawn when the request cannot be met. */
export async function synthesise(r: Request): Promise<Synthesis> {
  const limits = { ...defaultLimits, ...r.limits }
  checkDomain(r.domain, limits)
  checkTable(r.data, r.domain)
  const choice =
    r.method === 'auto'
      ? chooseMethod(r.domain, r.rowsDeclared ?? 10_000, r.budget, r.rowsPerPerson)
      : { method: r.method, why: '' }
  const run = methods[choice.method]
  if (!run) throw new SynthesisError('bad_parameter', `There is no method “${String(r.method)}”`)
  if (r.rows !== undefined && !(Number.isSafeInteger(r.rows) && r.rows >= 0))
    throw new SynthesisError('bad_parameter', 'The number of synthetic rows must be a whole number')
  const least = 200n * BigInt(r.domain.columns.length)
  if (r.budget < least)
    throw new SynthesisError(
      'bad_budget',
      `A table of ${r.domain.columns.length} columns needs a budget of at least ${least} nano-rho: less measures nothing`,
    )
  const allowed = allowedOf(r.domain, limits)
  const wishes = (r.workload ?? []).map((w) => {
    const columns = w.columns
      .map((name) => {
        const at = r.domain.columns.findIndex((c) => c.name === name)
        if (at < 0)
          throw new SynthesisError(
            'bad_workload',
            `The workload names a column “${name}” that the table does not have`,
            { column: name },
          )
        return at
      })
      .sort((a, b) => a - b)
    if (
      columns.length < 1 ||
      columns.length > 4 ||
      new Set(columns).size !== columns.length ||
      !(w.weight >= 1 && w.weight <= 1000)
    )
      throw new SynthesisError('bad_workload', 'A wish names one to four different columns and a weight from 1 to 1000')
    return { columns, weight: w.weight }
  })
  const key = JSON.stringify([choice.method, String(r.budget), r.rowsPerPerson, limits, wishes, r.domain])
  const journal = new Journal({
    budget: r.budget,
    rowsPerPerson: r.rowsPerPerson,
    random: r.random,
    key,
    resume: r.resume,
    keep: r.checkpoint,
  })
  const rounds: Round[] = []
  const fitted = await run({
    table: r.data,
    domain: r.domain,
    allowed,
    journal,
    limits,
    wishes,
    progress: async (p) => {
      const round = { ...p, spent: journal.spent, budget: journal.budget }
      rounds.push(round)
      await r.progress?.(round)
    },
  })
  journal.close()
  const stream = new Stream(r.random)
  const estimatedRows = Math.max(1, Math.round(fitted.prepared.total))
  const rows = r.rows ?? estimatedRows
  const coarse = fitted.draw(rows, stream)
  const sizes = sizesOf(r.domain)
  const columns = coarse.map((codes, c) => {
    const fine = refine(codes, fitted.prepared.groupings[c]!, stream)
    const out = codesFor(sizes[c]!, rows)
    out.set(fine)
    return out
  })
  const drawn = journal.entries.map((e) => ({
    what: e.what,
    kind: e.kind,
    columns: (e.columns ?? []).map((c) => r.domain.columns[c]!.name),
    rho: BigInt(e.rho),
    sigma: e.sigma,
  }))
  return {
    table: { rows, columns },
    account: {
      ...choice,
      budget: r.budget,
      rowsPerPerson: r.rowsPerPerson,
      drawn,
      estimatedRows,
      modelCells: fitted.cells,
      rounds,
    },
  }
}
