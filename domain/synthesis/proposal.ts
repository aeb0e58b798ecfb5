/** The plan that is proposed for a table, from what its schema declares alone. */
import type { Column as Declared, Table } from '../datasets/schema.ts'
import type { PlannedColumn, SynthesisPlan } from './plan.ts'
import { synthesisDefaults } from './plan.ts'

/** Whole numbers need no more bins than they have values. */
const binsOf = (low: number, high: number, whole: boolean): number =>
  whole ? Math.min(synthesisDefaults.bins, Math.max(1, high - low + 1)) : synthesisDefaults.bins

const isBounded = (declared: Declared): boolean => declared.minimum !== undefined && declared.maximum !== undefined

function proposedDate(declared: Declared, missing: boolean): PlannedColumn {
  const { name, minimum, maximum } = declared
  const { bins } = synthesisDefaults
  if (!isBounded(declared)) return { name, kind: 'date', bins, missing, buy: true }
  return { name, kind: 'date', minimum: String(minimum), maximum: String(maximum), bins, missing }
}

function proposedNumber(declared: Declared, missing: boolean): PlannedColumn {
  const { name } = declared
  const integer = declared.type === 'integer'
  if (!isBounded(declared)) {
    return { name, kind: 'numeric', bins: synthesisDefaults.bins, integer, missing, buy: true }
  }
  const minimum = Number(declared.minimum)
  const maximum = Number(declared.maximum)
  return { name, kind: 'numeric', minimum, maximum, bins: binsOf(minimum, maximum, integer), integer, missing }
}

/** One column as its schema declares it. What is not declared is proposed to be bought, never read off the data. */
function proposed(declared: Declared): PlannedColumn {
  const { name, role, type, categories } = declared
  const missing = declared.nullable !== false
  if (role === 'subject') return { name, kind: 'identifier', use: 'recreate' }
  if (role === 'identifier' || type === 'text' || type === 'datetime') return { name, kind: 'identifier', use: 'drop' }
  if (type === 'boolean') return { name, kind: 'categorical', categories: ['false', 'true'], missing }
  if (type === 'date') return proposedDate(declared, missing)
  if (type !== 'category') return proposedNumber(declared, missing)
  return categories
    ? { name, kind: 'categorical', categories, missing }
    : { name, kind: 'categorical', open: true, missing, buy: true }
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
