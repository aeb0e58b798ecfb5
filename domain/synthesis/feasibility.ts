/**
 * What a job will take and give, before any data is touched: a function of the declared domain, the declared number of
 * rows and the budget.
 */
import { type NanoRho, rhoWithin } from '../privacy/accounting.ts'
import { chooseMethod, type Method, outlook } from './auto.ts'
import { checkDomain } from './check-domain.ts'
import { defaultLimits, type Domain, type Limits, sizesOf } from './column-domain.ts'
import { looksAtTriples } from './candidates.ts'
import { SynthesisError, type SynthesisFault } from './errors.ts'
import { cellsOf, subsets } from './marginals.ts'
import { type Allowed, allowedOf } from './rules.ts'
import { aimSettings, privsynSettings } from './settings.ts'
import { forestCells } from './tree.ts'

/** What a job is expected to take and to give. */
export interface Quote {
  method: Method
  /** Why `auto` took this method; empty when it was asked for. */
  why: string
  /** Most bytes of the model's tables. */
  modelBytes: number
  /** Peak memory of the worker. */
  memoryBytes: number
  /** Processor minutes, about. */
  minutes: number
  /** nano-rho */
  rho: NanoRho
  /**
   * Expected mean total variation distances, 0 (the same) to 1; from tables like those the engine was measured on, so a
   * guide and no promise.
   */
  expected: { tvd1: number; tvd2: number; tvd3: number }
  quality: 'good' | 'fair' | 'poor'
  /** Set when the job cannot be done as asked. */
  refusal?: { fault: SynthesisFault; message: string; column?: string }
}

/** What is known before any data is touched. */
export interface QuoteRequest {
  domain: Domain
  /** About how many rows, as declared. */
  rowsDeclared: number
  method: Method | 'auto'
  epsilon: number
  delta: number
  rowsPerPerson?: number
  limits?: Partial<Limits>
}

/** Expected distances by method: floor + level * clarity^-slope, within limits. */
const curves: Record<
  Method,
  { tvd1: [number, number]; tvd2: [number, number]; tvd3: [number, number]; floor: [number, number, number] }
> = {
  aim: { tvd1: [0.004, 0.6], tvd2: [0.016, 0.4], tvd3: [0.037, 0.33], floor: [0, 0, 0] },
  privsyn: { tvd1: [0.003, 0.7], tvd2: [0.013, 0.55], tvd3: [0.034, 0.4], floor: [0, 0, 0] },
  mst: { tvd1: [0.003, 0.7], tvd2: [0.01, 0.5], tvd3: [0.02, 0.5], floor: [0, 0.033, 0.076] },
  independent: { tvd1: [0.001, 0.9], tvd2: [0.002, 0.9], tvd3: [0.003, 0.9], floor: [0, 0.071, 0.154] },
}

function expectedDistances(method: Method, clarity: number): Quote['expected'] {
  const { tvd1, tvd2, tvd3, floor } = curves[method]
  const at = ([level, slope]: [number, number], least: number, most: number): number =>
    Math.min(most, Math.max(0.0005, least + level * clarity ** -slope))
  return { tvd1: at(tvd1, floor[0], 0.3), tvd2: at(tvd2, floor[1], 0.5), tvd3: at(tvd3, floor[2], 0.6) }
}

/** The word for an expected mean distance over all pairs. */
function qualityOf(tvd2: number): Quote['quality'] {
  if (tvd2 < 0.03) return 'good'
  return tvd2 < 0.1 ? 'fair' : 'poor'
}

/** Throws SynthesisError `bad_parameter` when the declared rows are none. */
function checkDeclaredRows(rowsDeclared: number, rowsPerPerson: number): void {
  if (!(Number.isFinite(rowsDeclared) && rowsDeclared >= 1))
    throw new SynthesisError('bad_parameter', 'Declare about how many rows the table has')
  if (!(Number.isSafeInteger(rowsPerPerson) && rowsPerPerson >= 1))
    throw new SynthesisError('bad_parameter', 'A person adds a whole number of rows, at least one')
}

/** The budget in nano-rho. Throws SynthesisError `bad_budget` when it buys nothing. */
function budgetOf({ epsilon, delta }: QuoteRequest): NanoRho {
  if (!(epsilon > 0) || !(delta > 0 && delta < 1))
    throw new SynthesisError('bad_budget', 'epsilon must be positive and delta between 0 and 1')
  const rho = rhoWithin(epsilon, delta)
  if (rho <= 0n) throw new SynthesisError('bad_budget', 'The budget is too small for any answer')
  return rho
}

/** Throws SynthesisError `too_large` when the rules alone make the model too large. */
function checkRules(allowed: readonly Allowed[], domain: Domain, limits: Limits): void {
  const ruled = allowed.map((table) => table.columns)
  const limit = Math.max(cellsWithin(limits), 4 * limits.ruleCells)
  if (forestCells(ruled, sizesOf(domain), limit) === Infinity)
    throw new SynthesisError(
      'too_large',
      'The rules join so many columns that the model would be too large: name fewer columns in a rule',
    )
}

/** Cells of eight bytes. */
const cellsWithin = (limits: Limits): number => limits.modelBytes / 8

const nothing = {
  why: '',
  modelBytes: 0,
  memoryBytes: 0,
  minutes: 0,
  rho: 0n,
  expected: { tvd1: 1, tvd2: 1, tvd3: 1 },
  quality: 'poor',
} as const

function quoteOf(request: QuoteRequest): Quote {
  const { domain, rowsDeclared, method, rowsPerPerson = 1 } = request
  const limits = { ...defaultLimits, ...request.limits }
  checkDomain(domain, limits)
  const allowed = allowedOf(domain, limits)
  checkDeclaredRows(rowsDeclared, rowsPerPerson)
  const rho = budgetOf(request)
  const choice = method === 'auto' ? chooseMethod(domain, rowsDeclared, rho, rowsPerPerson) : { method, why: '' }
  const { sizes, clarity } = outlook(domain, rowsDeclared, rho, rowsPerPerson)
  checkRules(allowed, domain, limits)
  const expected = expectedDistances(choice.method, clarity)
  return {
    ...choice,
    ...costs(choice.method, sizes, rowsDeclared, cellsWithin(limits)),
    rho,
    expected,
    quality: qualityOf(expected.tvd2),
  }
}

/** A quote. What `synthesise` would refuse is in the answer, not thrown. */
export function feasibility(request: QuoteRequest): Quote {
  try {
    return quoteOf(request)
  } catch (e) {
    if (!(e instanceof SynthesisError)) throw e
    const method = request.method === 'auto' ? 'aim' : request.method
    return { method, ...nothing, refusal: { fault: e.fault, message: e.message, column: e.column } }
  }
}

/** Bytes and minutes. Constants: nanoseconds of one core, measured; memory over what the program itself takes. */
function costs(
  method: Method,
  sizes: readonly number[],
  rows: number,
  limit: number,
): { modelBytes: number; memoryBytes: number; minutes: number } {
  const columns = sizes.length
  const pairs = subsets(columns, 2)
  const triples = looksAtTriples(columns) ? subsets(columns, 3) : []
  const cellsOfAll = (sets: readonly number[][]): number => sets.reduce((sum, set) => sum + cellsOf(set, sizes), 0)
  const pairCells = cellsOfAll(pairs)
  const tripleCells = cellsOfAll(triples)
  const oneWayCells = sizes.reduce((sum, size) => sum + size, 0)
  const largest = pairs.reduce((most, pair) => Math.max(most, cellsOf(pair, sizes)), 0)
  const { mostRounds, perColumn, perRound } = aimSettings
  // What is left of the budget ends most jobs before that many.
  const rounds = Math.min(mostRounds, perColumn * columns) * 0.6
  const candidates = pairs.length + triples.length
  const pairWork = pairs.length * 50_000
  // Of each method: cells of its model, marginals counted on the data, nanoseconds of work, bytes of kept counts.
  const needs: Record<Method, { cells: number; sets: number; work: number; kept: number }> = {
    aim: {
      cells: limit,
      sets: candidates,
      work: rounds * (Math.min(perRound, candidates) * 200_000 + limit * 300),
      kept: 4 * (pairCells + tripleCells),
    },
    privsyn: {
      cells: Math.min(limit, privsynSettings.treeCells),
      sets: pairs.length,
      work: rows * columns * 6 * (columns * 25) + pairWork,
      kept: 40 * pairCells,
    },
    mst: { cells: Math.min(limit, oneWayCells + largest * (columns - 1)), sets: pairs.length, work: pairWork, kept: 0 },
    independent: { cells: oneWayCells, sets: 0, work: pairWork, kept: 0 },
  }
  const { cells, sets, work, kept } = needs[method]
  const tableBytes = rows * columns * 2.5
  const base = 130e6
  const counting = rows * (sets * 4 + columns * 60)
  return {
    modelBytes: cells * 8,
    memoryBytes: Math.round(base + 3 * tableBytes + 8 * cells * 6 + kept + rows * 12),
    minutes: (counting + work) / 60e9,
  }
}
