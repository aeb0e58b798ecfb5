/** A small sweep: every combination of the values of at most three parameters. */
import {
  type Fault,
  faultsBelow,
  type ParameterSchema,
  parameterFaults,
  valueFaults,
  type Values,
} from './parameters.ts'

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

function axisFaults(schema: ParameterSchema, axes: readonly Axis[], index: number): Fault[] {
  const path = `/over/${index}`
  const { parameter, values } = axes[index]!
  if (!Object.hasOwn(schema.properties, parameter))
    return [
      {
        path: `${path}/parameter`,
        message: 'The pipeline has no such parameter',
        value: parameter.slice(0, 100),
        expected: Object.keys(schema.properties).slice(0, 40).join(', '),
      },
    ]
  const faults: Fault[] = []
  if (axes.findIndex((axis) => axis.parameter === parameter) < index)
    faults.push({ path: `${path}/parameter`, message: 'Used twice', value: parameter })
  if (new Set(values.map((value) => JSON.stringify(value))).size < values.length)
    faults.push({ path: `${path}/values`, message: 'A value stands there twice' })
  const valuesFaults = values.flatMap((value, i) =>
    faultsBelow(`${path}/values/${i}`, valueFaults(value, schema.properties[parameter]!)),
  )
  return [...faults, ...valuesFaults]
}

/** What is wrong with the axes: paths below the sweep (`/over/0/parameter`). Empty when every run of it may start. */
export function sweepFaults(schema: ParameterSchema, base: Record<string, unknown>, axes: readonly Axis[]): Fault[] {
  const faults: Fault[] = []
  if (axes.length === 0 || axes.length > mostAxes)
    faults.push({
      path: '/over',
      message: axes.length ? 'Too many parameters at once' : 'Nothing to sweep over',
      expected: `1 to ${mostAxes} parameters`,
    })
  faults.push(...axes.flatMap((_, i) => axisFaults(schema, axes, i)))
  const count = axes.reduce((product, axis) => product * axis.values.length, 1)
  if (count > mostRuns || (axes.length > 0 && count === 0))
    faults.push({ path: '/over', message: `That makes ${count} runs`, value: count, expected: `1 to ${mostRuns}` })
  const swept = new Set(axes.map((axis) => axis.parameter))
  const fixed = Object.fromEntries(Object.entries(base).filter(([name]) => !swept.has(name)))
  // What the axes set need not be in the base.
  const required = (schema.required ?? []).filter((name) => !swept.has(name))
  return [...faults, ...faultsBelow('/parameters', parameterFaults({ ...schema, required }, fixed))]
}

/** `threshold 0.2, frame_rate 30`: which one of the sweep a run is. */
export const sweepLabel = (values: Values, axes: readonly Axis[]): string =>
  axes
    .map((a) => `${a.parameter} ${JSON.stringify(values[a.parameter])}`)
    .join(', ')
    .slice(0, 100)
