/** The data dictionary of a synthetic table. */
import { csvLine } from '../datasets/csv.ts'
import { type Column, type Domain, edgesOf, isListed } from './column-domain.ts'
import { type Card, columnsInFile } from './describe.ts'
import type { PlannedColumn, SynthesisPlan } from './plan.ts'

const heading = [
  'column',
  'kind',
  'values',
  'range',
  'bins',
  'missing',
  'unit',
  'meaning',
  'where values or range come from',
]

/** Values, range and bins of a column, in words; what it does not have is empty. */
function valuesOf(column: Column): [string, string, string] {
  if (!isListed(column)) return ['', `${column.minimum} to ${column.maximum}`, String(edgesOf(column).length - 1)]
  const { categories, open } = column
  const other = categories.includes('other') ? '(other)' : 'other'
  return [[...categories, ...(open ? [other] : [])].join(' | '), '', '']
}

function lineOf(planned: PlannedColumn, { columns }: Card, domain: Domain): string {
  const shown = columns.find((one) => one.name === planned.name)!
  const about = [shown.unit ?? '', shown.meaning ?? '']
  const column = domain.columns.find((one) => one.name === planned.name)
  if (!column)
    return csvLine([planned.name, 'identifier', '', '', '', 'no', ...about, 'Made anew: the number of the row'])
  const bought = planned.kind !== 'identifier' && planned.buy
  return csvLine([
    planned.name,
    planned.kind,
    ...valuesOf(column),
    column.missing ? 'yes' : 'no',
    ...about,
    bought ? 'Bought with a part of the budget' : 'Declared',
  ])
}

/** The data dictionary as CSV: a heading and one line a column of the file, in the file's order. */
export const dictionaryOf = (card: Card, plan: SynthesisPlan, domain: Domain): string =>
  [csvLine(heading), ...columnsInFile(plan).map((planned) => lineOf(planned, card, domain))].join('')
