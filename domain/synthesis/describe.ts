/**
 * What a synthetic table comes with: its release card. It follows from the confirmed plan and from what was paid for,
 * as do the data dictionary (dictionary.ts) and the metadata (croissant.ts) beside it.
 */
import type { Table as Declared } from '../datasets/schema.ts'
import type { Drawn, Made } from './manifest.ts'
import type { PlannedColumn, SynthesisPlan } from './plan.ts'
import { keptColumns, sharesOf } from './request.ts'

/** What a card is made from. */
export interface CardFacts {
  synthesisId: string
  title: string
  dataset: { datasetId: string; name: string; version: number; table: string }
  plan: SynthesisPlan
  planHash: string
  made: Made
  /** ISO times. */
  madeAt: string
  expires: string
  /** The table's schema, for meanings and units. */
  declared?: Declared
}
/** What anybody who has the synthetic table may know of how it was made. */
export interface Card {
  synthesisId: string
  title: string
  dataset: CardFacts['dataset']
  method: string
  why: string
  epsilon: number
  delta: number
  /** Cost of everything drawn by the engine. */
  nanoRho: number
  /** Whom the guarantee protects, in words. */
  unit: string
  guarantee: string
  drawn: Drawn[]
  notMeasured: string
  rows: number
  columns: { name: string; kind: string; meaning?: string; unit?: string }[]
  planHash: string
  /** SHA-256 of the CSV. */
  fileHash: string
  made: string
  expires: string
}

const methodNames: Record<string, string> = {
  aim: 'AIM (adaptive selection of marginals)',
  mst: 'MST (a spanning tree of pairs)',
  privsyn: 'PrivSyn (pairs, brought together row by row)',
  independent: 'independent columns',
}

/** The columns that the synthetic file has, in order. */
export const columnsInFile = (plan: SynthesisPlan): PlannedColumn[] =>
  plan.columns.filter((column) => column.kind !== 'identifier' || column.use === 'recreate')

/** What the synthetic table knows nothing of, in sentences. */
function notMeasured(plan: SynthesisPlan, made: Made): string {
  const keyOf = (columns: readonly string[]): string => columns.toSorted().join('\u0000')
  const joint = made.drawn.filter(({ columns }) => columns.length > 1)
  const sets = new Set(joint.map(({ columns }) => keyOf(columns))).size
  const measured = new Set(joint.filter(({ columns }) => columns.length === 2).map(({ columns }) => keyOf(columns)))
    .size
  const kept = keptColumns(plan).length
  const pairs = (kept * (kept - 1)) / 2
  const leftOut = plan.columns.filter((column) => column.kind === 'identifier' && column.use === 'drop')
  const larger = sets > measured ? `, and ${sets - measured} larger sets` : ''
  return [
    `Of ${pairs} pairs of columns ${measured} were measured as such${larger}; every other relation in the table is what the model makes of these.`,
    'Values inside a bin are drawn evenly. Relations between rows, such as visits of one person or the order of rows, are not there.',
    ...(leftOut.length > 0 ? [`Left out: ${leftOut.map((column) => column.name).join(', ')}.`] : []),
  ].join(' ')
}

/** The release card: everything that may be said of how the table came about. */
export function cardOf({ plan, made, declared, madeAt, planHash, ...facts }: CardFacts): Card {
  const open = sharesOf(plan).deltaEach > 0
  const unit =
    plan.rowsPerPerson === 1 ? 'one person, with one row' : `one person, with at most ${plan.rowsPerPerson} rows`
  return {
    ...facts,
    method: methodNames[made.method] ?? made.method,
    why: made.why,
    epsilon: plan.epsilon,
    delta: plan.delta,
    nanoRho: made.drawn.reduce((sum, draw) => sum + draw.nanoRho, 0),
    unit,
    drawn: made.drawn,
    notMeasured: notMeasured(plan, made),
    rows: made.rows,
    guarantee: `(${plan.epsilon}, ${plan.delta})-differential privacy for ${unit}: whoever sees this table, and whatever else they know, learns nearly the same about a person as if that person’s rows had not been there. It holds for the table, its card and everything computed from them${open ? '; half of delta pays for naming the categories of open columns' : ''}. Other releases from the same dataset add to it.`,
    columns: columnsInFile(plan).map((column) => {
      const found = declared?.columns.find((one) => one.name === column.name)
      return {
        name: column.name,
        kind: column.kind,
        ...(found?.meaning ? { meaning: found.meaning } : {}),
        ...(found?.unit ? { unit: found.unit } : {}),
      }
    }),
    planHash,
    fileHash: made.sha256,
    made: madeAt,
    expires: facts.expires,
  }
}
