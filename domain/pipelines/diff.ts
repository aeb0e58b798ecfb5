/** What differs between runs: their parameters, metrics and inputs, side by side. */
import { canonical } from '../hash.ts'
import type { ParameterSchema } from './parameters.ts'

export interface Row<T> {
  name: string
  title?: string
  unit?: string
  /** One a run, in their order; undefined where a run has none. */
  values: (T | undefined)[]
  differs: boolean
}

const rows = <T>(names: readonly string[], runs: readonly Record<string, T>[]): Row<T>[] =>
  names.map((name) => {
    const values = runs.map((r) => (Object.hasOwn(r, name) ? r[name] : undefined))
    const texts = values.map((v) => (v === undefined ? '' : canonical(v)))
    return { name, values, differs: texts.some((t) => t !== texts[0]) }
  })

/** Names in the order in which the runs bring them up. */
const union = (runs: readonly Record<string, unknown>[]): string[] => [...new Set(runs.flatMap((r) => Object.keys(r)))]

/** Parameters side by side, those of the schema first and in its order; `differs` says which to look at. */
export function parameterRows(runs: readonly Record<string, unknown>[], schema?: ParameterSchema): Row<unknown>[] {
  const own = Object.keys(schema?.properties ?? {})
  const all = union(runs)
  const names = [...own.filter((name) => all.includes(name)), ...all.filter((name) => !own.includes(name))]
  return rows(names, runs).map((row) => {
    const parameter = schema && Object.hasOwn(schema.properties, row.name) ? schema.properties[row.name] : undefined
    const title = parameter?.title ? { title: parameter.title } : {}
    const unit = parameter?.unit ? { unit: parameter.unit } : {}
    return { ...row, ...title, ...unit }
  })
}

/** Metrics side by side: the newest value of each. */
export const metricRows = (runs: readonly (readonly { name: string; value: number }[])[]): Row<number>[] => {
  const named = runs.map((r) => Object.fromEntries(r.map((m) => [m.name, m.value])))
  return rows(union(named).sort(), named)
}

/** Anything known by its hash (inputs, artifacts), side by side. */
export const hashRows = (runs: readonly Record<string, string>[]): Row<string>[] => rows(union(runs).sort(), runs)
