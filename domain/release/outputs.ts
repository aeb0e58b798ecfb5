/** What a job hands to the gate, and what the gate lets out: typed outputs. */

export type Scalar = number | string | boolean | null
/** A count of people carries `subjects: true` in its column, so that the rules for counts apply. */
export interface TableOutput {
  type: 'table'
  name: string
  columns: { name: string; kind?: 'group' | 'count' | 'value' }[]
  rows: Scalar[][]
}
export interface EstimateOutput {
  type: 'estimate'
  name: string
  estimate: number
  standardError?: number
  low?: number
  high?: number
  pValue?: number
  n?: number
  unit?: string
}
export interface ModelOutput {
  type: 'model'
  name: string
  family?: string
  terms: {
    term: string
    estimate: number
    standardError?: number
    statistic?: number
    pValue?: number
    low?: number
    high?: number
  }[]
  fit?: Record<string, number>
  n?: number
}
export interface HistogramOutput {
  type: 'histogram'
  name: string
  edges: number[]
  counts: number[]
  unit?: string
}
export interface ScalarOutput {
  type: 'scalar'
  name: string
  value: Scalar
  unit?: string
}
export type TypedOutput = TableOutput | EstimateOutput | ModelOutput | HistogramOutput | ScalarOutput
export const outputTypes = ['table', 'estimate', 'model', 'histogram', 'scalar'] as const

/**
 * A released value: a number, a category, or `null` with the reason it is not there. `precision` is the step a number
 * was rounded to.
 */
export interface ReleasedCell {
  value: Scalar
  suppressed?: true
  precision?: number
}
/** Everything is a table once released: rows of cells under named columns, with what it was. */
export interface ReleasedOutput {
  name: string
  type: (typeof outputTypes)[number]
  columns: { name: string; kind?: 'group' | 'count' | 'value'; unit?: string }[]
  rows: ReleasedCell[][]
}

/**
 * Any typed output as rows of plain values under named columns: the one shape that the gate looks at and that is
 * released.
 */
export interface Sheet {
  name: string
  type: (typeof outputTypes)[number]
  columns: { name: string; kind?: 'group' | 'count' | 'value'; unit?: string }[]
  rows: Scalar[][]
}

/** A number as a value; missing when it is not there or not finite. */
const finite = (number: number | undefined): Scalar =>
  number === undefined || !Number.isFinite(number) ? null : number

/** The statistics of an estimate or a term, in the order of their columns. */
const statistics = ['estimate', 'standardError', 'statistic', 'low', 'high', 'pValue'] as const
const statisticsOfEstimate = ['estimate', 'standardError', 'low', 'high', 'pValue'] as const

/** The sheets of an output: one, or two for a model with figures of its fit (called `<name> fit`). */
export function sheetsOf(output: TypedOutput): Sheet[] {
  switch (output.type) {
    case 'table':
      return [{ name: output.name, type: 'table', columns: output.columns, rows: output.rows }]
    case 'scalar':
      return [scalarSheet(output)]
    case 'histogram':
      return [histogramSheet(output)]
    case 'estimate':
      return [estimateSheet(output)]
    case 'model':
      return modelSheets(output)
  }
}

const scalarSheet = ({ name, value, unit }: ScalarOutput): Sheet => ({
  name,
  type: 'scalar',
  columns: [{ name: 'value', unit }],
  rows: [[value]],
})

const histogramSheet = ({ name, edges, counts, unit }: HistogramOutput): Sheet => ({
  name,
  type: 'histogram',
  columns: [
    { name: 'from', kind: 'group', unit },
    { name: 'to', kind: 'group', unit },
    { name: 'count', kind: 'count' },
  ],
  rows: counts.map((count, i) => [edges[i]!, edges[i + 1]!, count]),
})

/** A p-value has no unit. */
function estimateSheet(output: EstimateOutput): Sheet {
  const { name, n: people, unit } = output
  const present = statisticsOfEstimate.filter((statistic) => output[statistic] !== undefined)
  const columns: Sheet['columns'] = present.map((statistic) => ({
    name: statistic,
    unit: statistic === 'pValue' ? undefined : unit,
  }))
  const row = present.map((statistic) => finite(output[statistic]))
  if (people !== undefined) {
    columns.push({ name: 'n', kind: 'count' })
    row.push(finite(people))
  }
  return { name, type: 'estimate', columns, rows: [row] }
}

function modelSheets({ name, terms, fit = {}, n: people }: ModelOutput): Sheet[] {
  const present = statistics.filter((statistic) => terms.some((term) => term[statistic] !== undefined))
  const ofTerms: Sheet = {
    name,
    type: 'model',
    columns: [{ name: 'term', kind: 'group' }, ...present.map((statistic) => ({ name: statistic }))],
    rows: terms.map((term) => [term.term, ...present.map((statistic) => finite(term[statistic]))]),
  }
  const figures = Object.entries(fit)
  if (people !== undefined && !Object.hasOwn(fit, 'n')) figures.push(['n', people])
  if (figures.length === 0) return [ofTerms]
  const ofFit: Sheet = {
    name: `${name} fit`,
    type: 'model',
    columns: [{ name: 'statistic', kind: 'group' }, { name: 'value' }],
    rows: figures.map(([figure, value]) => [figure, finite(value)]),
  }
  return [ofTerms, ofFit]
}
