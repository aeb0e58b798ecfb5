/** A small sweep: every combination of the values of at most three parameters. */
import { type Fault, type ParameterSchema, parameterFaults, type Values } from './parameters.ts'

export interface Axis {
  parameter: string
  values: unknown[]
}
export const mostAxes = 3
export const mostRuns = 50

/** The combinations, the last axis turning fastest; each with the base values below it. */
export const grid = (base: Record<string, unknown>, axes: readonly Axis[]): Record<string, unknown>[] =>
  axes.reduce<Record<string, unknown>[]>(
    (all, axis) => all.flatMap((values) => axis.values.map((v) => ({ ...values, [axis.parameter]: v }))),
    [base],
  )

/** What is wrong with the axes: paths below the sweep (`/over/0/parameter`). Empty when every run of it may start. */
export function sweepFaults(schema: ParameterSchema, base: Record<string, unknown>, axes: readonly Axis[]): Fault[] {
  const out: Fault[] = []
  if (axes.length === 0 || axes.length > mostAxes)
    out.push({
      path: '/over',
      message: axes.length ? 'Too many parameters at once' : 'Nothing to sweep over',
      expected: `1 to ${mostAxes} parameters`,
    })
  for (const [i, a] of axes.entries()) {
    if (!Object.hasOwn(schema.properties, a.parameter)) {
      out.push({
        path: `/over/${i}/parameter`,
        message: 'The pipeline has no such parameter',
        value: a.parameter.slice(0, 100),
        expected: Object.keys(schema.properties).slice(0, 40).join(', '),
      })
      continue
    }
    if (axes.findIndex((x) => x.parameter === a.parameter) < i)
      out.push({ path: `/over/${i}/parameter`, message: 'Used twice', value: a.parameter })
    if (new Set(a.values.map((v) => JSON.stringify(v))).size < a.values.length)
      out.push({ path: `/over/${i}/values`, message: 'A value stands there twice' })
    for (const [k, v] of a.values.entries())
      out.push(
        ...parameterFaults({ type: 'object', properties: schema.properties }, { [a.parameter]: v }).map((f) => ({
          ...f,
          path: `/over/${i}/values/${k}${f.path.slice(1 + a.parameter.length)}`,
        })),
      )
  }
  const count = axes.reduce((n, a) => n * a.values.length, 1)
  if (count > mostRuns || (axes.length > 0 && count === 0))
    out.push({ path: '/over', message: `That makes ${count} runs`, value: count, expected: `1 to ${mostRuns}` })
  const swept = new Set(axes.map((a) => a.parameter))
  const fixed = Object.fromEntries(Object.entries(base).filter(([n]) => !swept.has(n)))
  // What the axes set need not be in the base.
  out.push(
    ...parameterFaults({ ...schema, required: (schema.required ?? []).filter((n) => !swept.has(n)) }, fixed).map(
      (f) => ({ ...f, path: `/parameters${f.path}` }),
    ),
  )
  return out
}

/** `threshold 0.2, frame_rate 30`: which one of the sweep a run is. */
export const sweepLabel = (values: Values, axes: readonly Axis[]): string =>
  axes
    .map((a) => `${a.parameter} ${JSON.stringify(values[a.parameter])}`)
    .join(', ')
    .slice(0, 100)
