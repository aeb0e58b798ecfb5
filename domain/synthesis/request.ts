/**
 * From declarations to a plan, and from a confirmed plan to what the engine is asked: its domain, its budget, and what
 * must be bought first.
 */
import type { Column as Declared, Table } from '../datasets/schema.ts'
import { type NanoRho, rhoWithin } from '../privacy/accounting.ts'
import type { Uniform } from '../privacy/randomness.ts'
import { checkDomain, type Column, dateOf, type Domain, dayOf } from './column-domain.ts'
import { SynthesisError } from './errors.ts'
import { commonValues, evenGrid, quantiles, wideGrid } from './inference.ts'
import type { PlannedColumn, SynthesisPlan } from './plan.ts'
import { synthesisDefaults } from './plan.ts'

const bins = (low: number, high: number, whole: boolean): number =>
  whole ? Math.min(synthesisDefaults.bins, Math.max(1, high - low + 1)) : synthesisDefaults.bins

/** One column as its schema declares it. What is not declared is proposed to be bought, never read off the data. */
function proposed(declared: Declared): PlannedColumn {
  const { name } = declared
  const missing = declared.nullable !== false
  if (declared.role === 'subject') return { name, kind: 'identifier', use: 'recreate' }
  if (declared.role === 'identifier' || declared.type === 'text' || declared.type === 'datetime')
    return { name, kind: 'identifier', use: 'drop' }
  if (declared.type === 'boolean') return { name, kind: 'categorical', categories: ['false', 'true'], missing }
  if (declared.type === 'category')
    return declared.categories
      ? { name, kind: 'categorical', categories: declared.categories, missing }
      : { name, kind: 'categorical', open: true, missing, buy: true }
  const bounded = declared.minimum !== undefined && declared.maximum !== undefined
  if (declared.type === 'date')
    return bounded
      ? {
          name,
          kind: 'date',
          minimum: String(declared.minimum),
          maximum: String(declared.maximum),
          bins: synthesisDefaults.bins,
          missing,
        }
      : { name, kind: 'date', bins: synthesisDefaults.bins, missing, buy: true }
  const integer = declared.type === 'integer'
  return bounded
    ? {
        name,
        kind: 'numeric',
        minimum: Number(declared.minimum),
        maximum: Number(declared.maximum),
        bins: bins(Number(declared.minimum), Number(declared.maximum), integer),
        integer,
        missing,
      }
    : { name, kind: 'numeric', bins: synthesisDefaults.bins, integer, missing, buy: true }
}

/** A plan from a declared table. `rowsDeclared` is about how many rows, in the custodian's words. */
export const proposePlan = (table: Table, rowsDeclared: number): SynthesisPlan => ({
  columns: table.columns.map(proposed),
  rules: [],
  rowsPerPerson: 1,
  rowsDeclared,
  method: synthesisDefaults.method,
  epsilon: synthesisDefaults.epsilon,
  delta: synthesisDefaults.delta,
  wishes: [],
})

type Kept = Exclude<PlannedColumn, { kind: 'identifier' }>
const isKept = (c: PlannedColumn): c is Kept => c.kind !== 'identifier'
type PlannedList = Extract<Kept, { kind: 'categorical' | 'ordinal' }>
const isList = (c: Kept): c is PlannedList => c.kind === 'categorical' || c.kind === 'ordinal'
/** Columns that carry values, in order. */
export const keptColumns = (plan: SynthesisPlan): Kept[] => plan.columns.filter(isKept)

interface BoughtRange {
  minimum: number
  maximum: number
}
/** What was bought for a column: its bounds (of a date: days since 1970-01-01) or its categories. */
export type Bought = BoughtRange | { categories: string[] }
/** A tenth of the budget, in equal parts, for what is bought; half of delta when categories are. */
export interface Shares {
  total: NanoRho
  engine: NanoRho
  each: NanoRho
  deltaEach: number
  bought: Kept[]
}
const boughtShare = 10n

/** How a plan's budget is divided. The parts sum to the total, to the nano-rho. */
export function sharesOf(plan: SynthesisPlan): Shares {
  const bought = keptColumns(plan).filter((c) => c.buy)
  const open = bought.filter(isList).length
  const total = rhoWithin(plan.epsilon, open > 0 ? plan.delta / 2 : plan.delta)
  const each = bought.length === 0 ? 0n : total / boughtShare / BigInt(bought.length)
  return {
    total,
    engine: total - each * BigInt(bought.length),
    each,
    deltaEach: open > 0 ? plan.delta / 2 / open : 0,
    bought,
  }
}

/** Stands for what is not bought yet, so that a plan can be checked and quoted without data. */
const placeholder = (c: Kept): Bought =>
  isList(c) ? { categories: Array.from({ length: 12 }, (_, i) => `value ${i + 1}`) } : { minimum: 0, maximum: 100 }

function listedColumn(column: PlannedList, bought: Bought | undefined): Column {
  return {
    name: column.name,
    kind: column.kind,
    categories: bought && 'categories' in bought ? bought.categories : (column.categories ?? []),
    open: column.buy ? true : (column.open ?? false),
    missing: column.missing,
  }
}

function datedColumn(column: Extract<Kept, { kind: 'date' }>, bought: BoughtRange | undefined): Column {
  return {
    name: column.name,
    kind: 'date',
    minimum: bought ? dateOf(bought.minimum) : (column.minimum ?? ''),
    maximum: bought ? dateOf(bought.maximum) : (column.maximum ?? ''),
    bins: column.bins,
    missing: column.missing,
  }
}

function numericColumn(column: Extract<Kept, { kind: 'numeric' }>, bought: BoughtRange | undefined): Column {
  return {
    name: column.name,
    kind: 'numeric',
    minimum: bought?.minimum ?? column.minimum ?? NaN,
    maximum: bought?.maximum ?? column.maximum ?? NaN,
    bins: column.bins,
    integer: column.integer,
    missing: column.missing,
  }
}

/** The engine's domain of a plan; `bought` by column name, placeholders where it is absent. */
export function domainOf(plan: SynthesisPlan, bought: Readonly<Record<string, Bought>> = {}): Domain {
  const columns = keptColumns(plan).map((column): Column => {
    const values = column.buy ? (bought[column.name] ?? placeholder(column)) : undefined
    if (isList(column)) return listedColumn(column, values)
    const range = values && 'minimum' in values ? values : undefined
    return column.kind === 'date' ? datedColumn(column, range) : numericColumn(column, range)
  })
  return { columns, ...(plan.rules.length > 0 ? { rules: plan.rules } : {}) }
}

export interface PlanFault {
  column?: string
  message: string
}

/**
 * What is wrong with a plan, by column; `names` are the table's columns. Nothing is charged for a plan that has faults.
 */
export function planFaults(plan: SynthesisPlan, names: readonly string[]): PlanFault[] {
  const faults = columnFaults(plan, names)
  if (keptColumns(plan).length === 0) faults.push({ message: 'Every column is left out: keep at least one' })
  faults.push(...wishFaults(plan))
  return faults.length > 0 ? faults : domainFaults(plan)
}

function columnFaults(plan: SynthesisPlan, names: readonly string[]): PlanFault[] {
  const faults: PlanFault[] = []
  const seen = new Set<string>()
  for (const planned of plan.columns) {
    const column = planned.name
    if (!names.includes(column)) faults.push({ column, message: 'The table has no such column' })
    if (seen.has(column)) faults.push({ column, message: 'Planned twice' })
    seen.add(column)
    const undeclared = undeclaredValues(planned)
    if (undeclared) faults.push({ column, message: undeclared })
  }
  return faults
}

/** What is neither declared nor bought of a column's values. */
function undeclaredValues(column: PlannedColumn): string | undefined {
  if (column.kind === 'identifier' || column.buy) return undefined
  if (isList(column))
    return column.categories?.length || column.open ? undefined : 'List its categories, or have them bought'
  const bounded = column.minimum !== undefined && column.maximum !== undefined
  return bounded ? undefined : 'Give both bounds, or have them bought'
}

function wishFaults(plan: SynthesisPlan): PlanFault[] {
  const kept = new Set(keptColumns(plan).map((column) => column.name))
  return plan.wishes
    .flatMap((wish) => wish.columns)
    .filter((column) => !kept.has(column))
    .map((column) => ({ column, message: 'A marginal that matters names a column that is left out' }))
}

/** What the engine would refuse; `[]` when it takes the plan. */
function domainFaults(plan: SynthesisPlan): PlanFault[] {
  try {
    checkDomain(domainOf(plan))
    return []
  } catch (e) {
    if (!(e instanceof SynthesisError)) throw e
    return [{ ...(e.column === undefined ? {} : { column: e.column }), message: e.message }]
  }
}

const far = { first: dayOf('1900-01-01'), last: dayOf('2099-12-31') }

/**
 * Buys the bounds or categories of one column from its texts (missing ones left out by the caller), at `shares.each`
 * nano-rho. Bounds: the 0.5th and 99.5th percentile on a public grid. Categories: partition selection, of those that
 * are not rare.
 */
export function buyColumn(
  column: Kept,
  texts: readonly string[],
  shares: Shares,
  plan: Pick<SynthesisPlan, 'rowsPerPerson' | 'rowsDeclared' | 'rare'>,
  random: Uniform,
): Bought {
  const { rowsPerPerson } = plan
  if (isList(column)) {
    const counts = new Map<string, number>()
    for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1)
    return {
      categories: commonValues(
        counts,
        shares.each,
        shares.deltaEach,
        rowsPerPerson,
        random,
        (plan.rare ?? synthesisDefaults.rare) * plan.rowsDeclared,
      ).values,
    }
  }
  const values = texts.map((t) => (column.kind === 'date' ? dayOf(t) : Number(t.replaceAll(',', ''))))
  const grid =
    column.kind === 'date'
      ? evenGrid(far.first, far.last, far.last - far.first + 1)
      : wideGrid().filter((x) => !column.integer || Number.isInteger(x))
  const [low, high] = quantiles(values, [0.005, 0.995], grid, shares.each, rowsPerPerson, random).quantiles
  return { minimum: low!, maximum: high! > low! ? high! : low! + 1 }
}
