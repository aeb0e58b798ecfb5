/**
 * From a confirmed plan to what the engine is asked: which columns it sees, its domain, and its part of the budget
 * beside what must be bought first.
 */
import { own } from '../own.ts'
import { type NanoRho, rhoWithin } from '../privacy/accounting.ts'
import { type Column, dateOf, type Domain } from './column-domain.ts'
import type { PlannedColumn, SynthesisPlan } from './plan.ts'

/** A column that carries values. */
export type KeptColumn = Exclude<PlannedColumn, { kind: 'identifier' }>
type PlannedList = Extract<KeptColumn, { kind: 'categorical' | 'ordinal' }>
const isKept = (column: PlannedColumn): column is KeptColumn => column.kind !== 'identifier'
/** Whether a column's values are named one by one. */
export const isPlannedList = (column: KeptColumn): column is PlannedList =>
  column.kind === 'categorical' || column.kind === 'ordinal'
/** Columns that carry values, in order. */
export const keptColumns = (plan: SynthesisPlan): KeptColumn[] => plan.columns.filter(isKept)

interface BoughtRange {
  minimum: number
  maximum: number
}
/** What was bought for a column: its bounds (of a date: days since 1970-01-01) or its categories. */
export type Bought = BoughtRange | { categories: string[] }
/** A tenth of the budget, in equal parts, for what is bought; half of delta when categories are. */
export interface Shares {
  total: NanoRho
  /** What is left for the engine. */
  engine: NanoRho
  /** For each column that is bought. */
  each: NanoRho
  /** Of each list of categories that is bought; 0 when none is. */
  deltaEach: number
  bought: KeptColumn[]
}
/** What is bought gets one part in this many. */
const boughtShare = 10n

/** How a plan's budget is divided. The parts sum to the total, to the nano-rho. */
export function sharesOf(plan: SynthesisPlan): Shares {
  const bought = keptColumns(plan).filter((column) => column.buy)
  const open = bought.filter(isPlannedList).length
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
const placeholder = (column: KeptColumn): Bought =>
  isPlannedList(column)
    ? { categories: Array.from({ length: 12 }, (_, i) => `value ${i + 1}`) }
    : { minimum: 0, maximum: 100 }

function listedColumn(column: PlannedList, bought: Bought | undefined): Column {
  return {
    name: column.name,
    kind: column.kind,
    categories: bought && 'categories' in bought ? bought.categories : (column.categories ?? []),
    open: column.buy ? true : (column.open ?? false),
    missing: column.missing,
  }
}

function datedColumn(column: Extract<KeptColumn, { kind: 'date' }>, bought: BoughtRange | undefined): Column {
  return {
    name: column.name,
    kind: 'date',
    minimum: bought ? dateOf(bought.minimum) : (column.minimum ?? ''),
    maximum: bought ? dateOf(bought.maximum) : (column.maximum ?? ''),
    bins: column.bins,
    missing: column.missing,
  }
}

function numericColumn(column: Extract<KeptColumn, { kind: 'numeric' }>, bought: BoughtRange | undefined): Column {
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
    const values = column.buy ? (own(bought, column.name) ?? placeholder(column)) : undefined
    if (isPlannedList(column)) return listedColumn(column, values)
    const range = values && 'minimum' in values ? values : undefined
    return column.kind === 'date' ? datedColumn(column, range) : numericColumn(column, range)
  })
  return { columns, ...(plan.rules.length > 0 ? { rules: plan.rules } : {}) }
}
