/**
 * What was read of an uploaded table, column by column: a plan to begin from, words for its custodian, and what would
 * not read as it is planned. Never for anybody else.
 */
import type { PlannedColumn, SynthesisPlan } from '../../domain/synthesis/plan.ts'
import type { PlanFault } from '../../domain/synthesis/plan-faults.ts'
import { proposePlan } from '../../domain/synthesis/proposal.ts'
import type { TableReading } from '../../ports/engine.ts'
import type { Reading } from '../stores/dataset-files.ts'

type Read = TableReading['columns'][number]

const withCommas = /^[+-]?\d{1,3}(,\d{3})+(\.\d*)?$/
const plainNumber = /^[+-]?\d+(\.\d*)?$/
const looksLikeDate =
  /^(\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/. ]\d{1,2}[-/. ]\d{2,4}|\d{1,2}[. ]+[A-Za-z]{3,9}[. ,]+\d{4}|[A-Za-z]{3,9} \d{1,2},? \d{4})$/

/** Text that is numbers with commas between thousands. */
const commaNumbers = (column: Read): boolean =>
  (column.type === 'text' || column.type === 'category') &&
  column.examples.some((e) => withCommas.test(e)) &&
  column.examples.every((e) => withCommas.test(e) || plainNumber.test(e))
/** Text that is dates, but not as YYYY-MM-DD. */
const otherDates = (column: Read): boolean =>
  (column.type === 'text' || column.type === 'category') &&
  column.examples.length > 0 &&
  column.examples.every((e) => looksLikeDate.test(e))
/** More values than could each be common: naming them would buy nothing. */
const nameless = (c: Read, rows: number): boolean =>
  c.type === 'text' && !commaNumbers(c) && c.distinct > Math.max(50, rows / 20)

/** The first that holds is said. */
const hints: { when: (c: Read, rows: number) => boolean; say: string }[] = [
  { when: (c, rows) => c.missing === rows, say: 'Every value is missing: it carries nothing.' },
  { when: (c) => c.distinct === 1, say: 'It has one value only.' },
  { when: commaNumbers, say: 'Numbers with commas between thousands: they are read as numbers.' },
  {
    when: otherDates,
    say: 'Dates, not all written YYYY-MM-DD: as a date they would read as missing. Write them anew in the file, or leave the column out.',
  },
  { when: nameless, say: 'Nearly every row has a value of its own: leave it out, or make it anew.' },
]

/** What to know of a column before planning it. */
function hintOf(column: Read, rows: number): string {
  const { type, distinct, missing, minimum, maximum, examples } = column
  const span = minimum === undefined ? '' : `, about ${minimum} to ${maximum}`
  const some = examples.length > 0 ? `; e.g. ${examples.slice(0, 4).join(', ')}` : ''
  const facts = `${type}, ${distinct} distinct, ${missing} missing${span}${some}`
  const word = hints.find(({ when }) => when(column, rows))?.say
  return word === undefined ? facts : `${word} ${facts}`
}

const fewCodes = 12

/**
 * A column to begin from: its kind as it was read. Bounds and categories are not taken from the data; they are typed in
 * or bought. Missing is always a value: that none is missing would be a fact of the data.
 */
function planned(column: PlannedColumn, read: Read, rows: number): PlannedColumn {
  const { name } = column
  if (commaNumbers(read))
    return {
      name,
      kind: 'numeric',
      bins: 10,
      integer: read.examples.every((e) => !e.includes('.')),
      missing: true,
      buy: true,
    }
  if (column.kind === 'identifier')
    return read.role === 'subject' ||
      read.role === 'identifier' ||
      otherDates(read) ||
      nameless(read, rows) ||
      read.type === 'datetime' ||
      read.missing === rows
      ? column
      : { name, kind: 'categorical', open: true, missing: true, buy: true }
  // A handful of whole numbers are codes more often than amounts.
  if (column.kind === 'numeric' && column.integer && read.distinct <= fewCodes)
    return { name, kind: 'categorical', open: true, missing: true, buy: true }
  if (column.kind === 'numeric')
    return { name, kind: 'numeric', bins: 10, integer: column.integer, missing: true, buy: true }
  return column.kind === 'date'
    ? { name, kind: 'date', bins: column.bins, missing: true, buy: true }
    : { name, kind: column.kind, open: true, missing: true, buy: true }
}

/** A plan for an uploaded file, and a hint for each of its columns. */
export function planOfReading(reading: Reading): { plan: SynthesisPlan; hints: Record<string, string> } {
  const read = reading.tables[0]!
  const table = reading.proposed.tables[0]!
  const plan = proposePlan(table, Math.max(1, Number(read.rows.toPrecision(1))))
  return {
    plan: {
      ...plan,
      columns: plan.columns.map((column) =>
        planned(
          column,
          read.columns.find((r) => r.name === column.name)!,
          read.rows,
        ),
      ),
    },
    hints: Object.fromEntries(read.columns.map((c) => [c.name, hintOf(c, read.rows)])),
  }
}

/** Columns that would not read as they are planned. */
export function readingFaults(plan: SynthesisPlan, reading: Reading): PlanFault[] {
  const { rows, columns } = reading.tables[0]!
  if (rows === 0) return [{ message: 'The file has a header and no rows' }]
  return plan.columns.flatMap((column): PlanFault[] => {
    const read = columns.find((r) => r.name === column.name)
    if (!read || read.missing === rows) return []
    if (column.kind === 'date' && read.type !== 'date')
      return [
        {
          column: column.name,
          message: `Its values do not read as dates. Write them as YYYY-MM-DD, or plan it as ${otherDates(read) ? 'an identifier to leave out' : 'something else'}`,
        },
      ]
    if (column.kind === 'numeric' && !['integer', 'number'].includes(read.type) && !commaNumbers(read))
      return [{ column: column.name, message: 'Its values do not read as numbers' }]
    return 'missing' in column && !column.missing && read.missing > 0
      ? [{ column: column.name, message: 'It has missing values, and the plan has none' }]
      : []
  })
}
