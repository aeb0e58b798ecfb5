/**
 * Differentially private synthetic data: the engine's face. One call takes encoded rows and a budget and gives
 * synthetic codes and an account of what was drawn. Nothing in the result depends on the data except through the
 * journal, whose every entry is paid for.
 */
import type { NanoRho } from '../privacy/accounting.ts'
import type { Uniform } from '../privacy/randomness.ts'
import { aim } from './aim.ts'
import { type Choice, chooseMethod, type Method } from './auto.ts'
import { checkDomain } from './check-domain.ts'
import { defaultLimits, type Domain, type Limits, sizesOf } from './column-domain.ts'
import { checkTable, codesFor, type Table } from './encode.ts'
import type { Engine, Fitted, Round, Wish } from './engine.ts'
import { SynthesisError } from './errors.ts'
import { independent } from './independent.ts'
import { type Checkpoint, type Entry, Journal, type KeepCheckpoint } from './journal.ts'
import { mst } from './mst.ts'
import { privsyn } from './privsyn.ts'
import { refine } from './resolution.ts'
import { allowedOf } from './rules.ts'
import { Stream } from './stream.ts'

const methods: Record<Method, (engine: Engine) => Promise<Fitted>> = { aim, mst, privsyn, independent }

/** What a table is to be made from, and at which price. */
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
  /** `sigma`: of the noise of each number that was measured. */
  drawn: { what: string; kind: Entry['kind']; columns: string[]; rho: NanoRho; sigma?: number }[]
  /** Rows of the data, as the noisy answers tell. */
  estimatedRows: number
  /** Cells of the model's tables together. */
  modelCells: number
  rounds: Round[]
}
/** The synthetic codes and how they came about. */
export interface Synthesis {
  table: Table
  account: Account
}

/**
 * The method asked for, or the one that `auto` takes. Throws SynthesisError `bad_parameter` for one that is not there.
 */
function choiceOf(request: Request): Choice {
  const { domain, method, budget, rowsPerPerson } = request
  if (method === 'auto') return chooseMethod(domain, request.rowsDeclared ?? 10_000, budget, rowsPerPerson)
  if (!methods[method]) throw new SynthesisError('bad_parameter', `There is no method “${String(method)}”`)
  return { method, why: '' }
}

/** Less than this, nano-rho by column, measures nothing. */
const leastPerColumn = 200n

function checkAmounts({ rows, budget, domain }: Request): void {
  if (rows !== undefined && !(Number.isSafeInteger(rows) && rows >= 0))
    throw new SynthesisError('bad_parameter', 'The number of synthetic rows must be a whole number')
  const columns = domain.columns.length
  const least = leastPerColumn * BigInt(columns)
  if (budget < least)
    throw new SynthesisError(
      'bad_budget',
      `A table of ${columns} columns needs a budget of at least ${least} nano-rho: less measures nothing`,
    )
}

/** The workload by column numbers, ascending. */
function wishesOf({ domain, workload = [] }: Request): Wish[] {
  const columnNamed = (name: string): number => {
    const column = domain.columns.findIndex((one) => one.name === name)
    if (column < 0)
      throw new SynthesisError('bad_workload', `The workload names a column “${name}” that the table does not have`, {
        column: name,
      })
    return column
  }
  return workload.map(({ columns: names, weight }) => {
    const columns = names.map(columnNamed).sort((a, b) => a - b)
    const distinct = new Set(columns).size === columns.length
    if (columns.length < 1 || columns.length > 4 || !distinct || !(weight >= 1 && weight <= 1000))
      throw new SynthesisError('bad_workload', 'A wish names one to four different columns and a weight from 1 to 1000')
    return { columns, weight }
  })
}

/** Rows of the fitted model, from its groups back to the domain's codes. */
function drawTable(fitted: Fitted, domain: Domain, rows: number, stream: Stream): Table {
  const sizes = sizesOf(domain)
  const columns = fitted.draw(rows, stream).map((coarse, column) => {
    const codes = codesFor(sizes[column]!, rows)
    codes.set(refine(coarse, fitted.prepared.groupings[column]!, stream))
    return codes
  })
  return { rows, columns }
}

function drawnOf(entries: readonly Entry[], domain: Domain): Account['drawn'] {
  return entries.map(({ what, kind, columns = [], rho, sigma }) => ({
    what,
    kind,
    columns: columns.map((column) => domain.columns[column]!.name),
    rho: BigInt(rho),
    sigma,
  }))
}

/**
 * Makes a synthetic table. Throws SynthesisError before anything is drawn when the request cannot be met: what
 * `checkDomain`, `checkTable` and `allowedOf` throw, `bad_parameter`, `bad_budget`, `bad_workload`, or
 * `wrong_checkpoint` when `resume` belongs to another job. What `progress`, `checkpoint` or `random` throw ends the job
 * and passes through.
 */
export async function synthesise(request: Request): Promise<Synthesis> {
  const { domain, data, budget, rowsPerPerson, random } = request
  const limits = { ...defaultLimits, ...request.limits }
  checkDomain(domain, limits)
  checkTable(data, domain)
  const choice = choiceOf(request)
  checkAmounts(request)
  const allowed = allowedOf(domain, limits)
  const wishes = wishesOf(request)
  const journal = new Journal({
    budget,
    rowsPerPerson,
    random,
    key: JSON.stringify([choice.method, String(budget), rowsPerPerson, limits, wishes, domain]),
    resume: request.resume,
    keep: request.checkpoint,
  })
  const rounds: Round[] = []
  const fitted = await methods[choice.method]({
    table: data,
    domain,
    allowed,
    journal,
    limits,
    wishes,
    progress: async (part) => {
      const round = { ...part, spent: journal.spent, budget: journal.budget }
      rounds.push(round)
      await request.progress?.(round)
    },
  })
  journal.close()
  const estimatedRows = Math.max(1, Math.round(fitted.prepared.total))
  return {
    table: drawTable(fitted, domain, request.rows ?? estimatedRows, new Stream(random)),
    account: {
      ...choice,
      budget,
      rowsPerPerson,
      drawn: drawnOf(journal.entries, domain),
      estimatedRows,
      modelCells: fitted.cells,
      rounds,
    },
  }
}
