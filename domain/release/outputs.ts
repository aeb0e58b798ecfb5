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

const finite = (n: number | undefined): Scalar => (n === undefined || !Number.isFinite(n) ? null : n)
const statistics = ['estimate', 'standardError', 'statistic', 'low', 'high', 'pValue'] as const

/** The sheets of an output: one, or two for a model with figures of its fit (called `<name> fit`). */
export function sheetsOf(o: TypedOutput): Sheet[] {
  const unit = 'unit' in o && o.unit !== undefined ? { unit: o.unit } : {}
  switch (o.type) {
    case 'table':
      return [{ name: o.name, type: 'table', columns: o.columns, rows: o.rows }]
    case 'scalar':
      return [{ name: o.name, type: 'scalar', columns: [{ name: 'value', ...unit }], rows: [[o.value]] }]
    case 'histogram':
      return [
        {
          name: o.name,
          type: 'histogram',
          columns: [
            { name: 'from', kind: 'group', ...unit },
            { name: 'to', kind: 'group', ...unit },
            { name: 'count', kind: 'count' },
          ],
          rows: o.counts.map((c, i) => [o.edges[i]!, o.edges[i + 1]!, c]),
        },
      ]
    case 'estimate': {
      const present = statistics.filter((s) => s !== 'statistic' && o[s] !== undefined) as Exclude<
        (typeof statistics)[number],
        'statistic'
      >[]
      const n = o.n === undefined ? [] : [{ name: 'n', kind: 'count' as const }]
      return [
        {
          name: o.name,
          type: 'estimate',
          columns: [...present.map((s) => ({ name: s, ...(s === 'pValue' ? {} : unit) })), ...n],
          rows: [[...present.map((s) => finite(o[s])), ...(o.n === undefined ? [] : [finite(o.n)])]],
        },
      ]
    }
    case 'model': {
      const present = statistics.filter((s) => o.terms.some((t) => t[s] !== undefined))
      const fit: [string, number][] = [
        ...Object.entries(o.fit ?? {}),
        ...(o.n === undefined || Object.hasOwn(o.fit ?? {}, 'n') ? [] : [['n', o.n] as [string, number]]),
      ]
      return [
        {
          name: o.name,
          type: 'model',
          columns: [{ name: 'term', kind: 'group' }, ...present.map((s) => ({ name: s }))],
          rows: o.terms.map((t) => [t.term, ...present.map((s) => finite(t[s]))]),
        },
        ...(fit.length
          ? [
              {
                name: `${o.name} fit`,
                type: 'model' as const,
                columns: [{ name: 'statistic', kind: 'group' as const }, { name: 'value' }],
                rows: fit.map(([k, v]) => [k, finite(v)]),
              },
            ]
          : []),
      ]
    }
  }
}
