/**
 * Files of a run as typed outputs. They come from code that nobody vouches for: every shape is checked, and what does
 * not fit is a problem, never an exception.
 */
import type { EstimateOutput, HistogramOutput, ModelOutput, Scalar, TableOutput, TypedOutput } from './outputs.ts'
import { outputTypes } from './outputs.ts'
import { parseCsv } from './parse-csv.ts'

export const outputProblems = [
  'too-large',
  'not-text',
  'not-json',
  'too-deep',
  'not-an-object',
  'no-header',
  'ragged',
  'unclosed-quote',
  'too-many-rows',
  'too-many-columns',
  'too-many-outputs',
  'duplicate-name',
  'bad-name',
  'bad-shape',
] as const
export type OutputProblem = (typeof outputProblems)[number]
export interface ParsedOutputs {
  outputs: TypedOutput[]
  /** Plots and what else is only for people to look at. */
  files: { file: string; type: string; bytes: Uint8Array }[]
  problems: { file: string; problem: OutputProblem }[]
}
export interface OutputLimits {
  rows: number
  bytes: number
  columns?: number
  outputs?: number
}

class Bad extends Error {
  readonly problem: OutputProblem
  constructor(problem: OutputProblem) {
    super(problem)
    this.problem = problem
  }
}

const depthLimit = 16
const textLimit = 200
const types: Record<string, string> = { png: 'image/png', svg: 'image/svg+xml' }
const decoder = new TextDecoder('utf-8', { fatal: true })

/**
 * JSON text in which NaN and infinities (which Python writes) are null. Depth is checked before anything recursive sees
 * the text.
 */
function readJson(text: string): unknown {
  let depth = 0
  let out = ''
  let from = text.startsWith('\uFEFF') ? 1 : 0
  for (let i = from; i < text.length; i++) {
    const c = text[i]
    if (c === '"') {
      for (i++; i < text.length && text[i] !== '"'; i++) if (text[i] === '\\') i++
    } else if (c === '{' || c === '[') {
      if (++depth > depthLimit) throw new Bad('too-deep')
    } else if (c === '}' || c === ']') depth--
    else if (c === 'N' || c === 'I' || (c === '-' && text[i + 1] === 'I')) {
      const word = ['NaN', 'Infinity', '-Infinity'].find((w) => text.startsWith(w, i))
      if (word) {
        out += text.slice(from, i) + 'null'
        i += word.length - 1
        from = i + 1
      }
    }
  }
  try {
    return JSON.parse(out + text.slice(from))
  } catch {
    throw new Bad('not-json')
  }
}

type Bag = Record<string, unknown>
const isBag = (v: unknown): v is Bag => typeof v === 'object' && v !== null && !Array.isArray(v)
/** A member that is its own: never one of Object.prototype. */
const own = (bag: Bag, key: string): unknown => (Object.hasOwn(bag, key) ? bag[key] : undefined)
const numberOf = (v: unknown): number | undefined => (typeof v === 'number' && Number.isFinite(v) ? v : undefined)
const isScalar = (v: unknown): boolean =>
  v === null || typeof v === 'number' || typeof v === 'string' || typeof v === 'boolean'
function scalar(v: unknown): Scalar {
  if (typeof v === 'number') return Number.isFinite(v) ? v : null
  if (typeof v === 'string') {
    if (v.length > textLimit || !v.isWellFormed()) throw new Bad('bad-shape')
    return v
  }
  if (v === null || v === undefined || typeof v === 'boolean') return v ?? null
  throw new Bad('bad-shape')
}
function nameOf(v: unknown): string {
  if (
    typeof v !== 'string' ||
    v.trim() === '' ||
    v.length > textLimit ||
    !v.isWellFormed() ||
    /\p{Cc}/u.test(v) ||
    v === '__proto__'
  )
    throw new Bad('bad-name')
  return v
}
const distinct = (names: string[]): string[] => {
  if (new Set(names).size !== names.length) throw new Bad('duplicate-name')
  return names
}

class Reader {
  readonly #rows: number
  readonly #columns: number
  constructor(limits: OutputLimits) {
    this.#rows = limits.rows
    this.#columns = limits.columns ?? 200
  }

  #table(name: string, columns: TableOutput['columns'], rows: Scalar[][]): TableOutput {
    if (rows.length > this.#rows) throw new Bad('too-many-rows')
    if (columns.length > this.#columns) throw new Bad('too-many-columns')
    distinct(columns.map((c) => c.name))
    if (columns.length === 0 || rows.some((r) => r.length !== columns.length)) throw new Bad('bad-shape')
    return { type: 'table', name, columns, rows }
  }

  csv(name: string, text: string): TableOutput {
    const t = parseCsv(text, { rows: this.#rows, columns: this.#columns })
    if (typeof t === 'string') throw new Bad(t)
    return this.#table(
      name,
      t.columns.map((c) => ({ name: nameOf(c) })),
      t.rows.map((r) => r.map(scalar)),
    )
  }

  /** A list of objects: its columns are their members, in the order in which they first appear. */
  #records(name: string, list: readonly Bag[]): TableOutput {
    const columns = new Map<string, number>()
    if (list.length > this.#rows) throw new Bad('too-many-rows')
    for (const r of list)
      for (const k of Object.keys(r))
        if (!columns.has(k)) {
          nameOf(k)
          columns.set(k, columns.size)
          if (columns.size > this.#columns) throw new Bad('too-many-columns')
        }
    return this.#table(
      name,
      [...columns.keys()].map((c) => ({ name: c })),
      list.map((r) => [...columns.keys()].map((k) => scalar(own(r, k)))),
    )
  }

  typed(v: Bag): TypedOutput {
    const name = nameOf(own(v, 'name'))
    const unit = own(v, 'unit') === undefined || own(v, 'unit') === null ? {} : { unit: nameOf(own(v, 'unit')) }
    const optional = (bag: Bag, keys: readonly string[]): Record<string, number> =>
      Object.fromEntries(
        keys.flatMap((k) => {
          const n = own(bag, k)
          if (n === undefined || n === null) return []
          if (typeof n !== 'number') throw new Bad('bad-shape')
          return [[k, n] as const]
        }),
      )
    switch (own(v, 'type') as (typeof outputTypes)[number]) {
      case 'scalar':
        return { type: 'scalar', name, value: scalar(own(v, 'value')), ...unit }
      case 'estimate': {
        const estimate = numberOf(own(v, 'estimate'))
        if (estimate === undefined) throw new Bad('bad-shape')
        return {
          type: 'estimate',
          name,
          estimate,
          ...optional(v, ['standardError', 'low', 'high', 'pValue', 'n']),
          ...unit,
        } as EstimateOutput
      }
      case 'model': {
        const terms = own(v, 'terms')
        const fit = own(v, 'fit')
        const family = own(v, 'family')
        if (!Array.isArray(terms) || terms.length === 0 || terms.length > this.#rows || !terms.every(isBag))
          throw new Bad('bad-shape')
        const read = terms.map((t) => {
          const estimate = numberOf(own(t, 'estimate'))
          return {
            term: nameOf(own(t, 'term')),
            estimate: estimate ?? Number.NaN,
            ...optional(t, ['standardError', 'statistic', 'pValue', 'low', 'high']),
          }
        })
        distinct(read.map((t) => t.term))
        if (fit !== undefined && fit !== null && !isBag(fit)) throw new Bad('bad-shape')
        const fitted = isBag(fit) ? optional(fit, Object.keys(fit).map(nameOf)) : undefined
        return {
          type: 'model',
          name,
          terms: read,
          ...optional(v, ['n']),
          ...(fitted ? { fit: fitted } : {}),
          ...(typeof family === 'string' ? { family: nameOf(family) } : {}),
        } as ModelOutput
      }
      case 'histogram': {
        const edges = own(v, 'edges')
        const counts = own(v, 'counts')
        if (
          !Array.isArray(edges) ||
          !Array.isArray(counts) ||
          edges.length !== counts.length + 1 ||
          counts.length === 0 ||
          counts.length > this.#rows
        )
          throw new Bad('bad-shape')
        if (
          ![...edges, ...counts].every((n) => numberOf(n) !== undefined) ||
          edges.some((e, i) => i > 0 && e <= edges[i - 1])
        )
          throw new Bad('bad-shape')
        return { type: 'histogram', name, edges, counts, ...unit } as HistogramOutput
      }
      case 'table': {
        const columns = own(v, 'columns')
        const rows = own(v, 'rows')
        if (!Array.isArray(rows)) throw new Bad('bad-shape')
        if (columns === undefined && rows.length > 0 && rows.every(isBag)) return this.#records(name, rows)
        if (!Array.isArray(columns) || rows.length > this.#rows || columns.length > this.#columns)
          throw new Bad(rows.length > this.#rows ? 'too-many-rows' : 'bad-shape')
        const read = columns.map((c): TableOutput['columns'][number] => {
          if (typeof c === 'string') return { name: nameOf(c) }
          if (!isBag(c)) throw new Bad('bad-shape')
          const kind = own(c, 'kind')
          return {
            name: nameOf(own(c, 'name')),
            ...(kind === 'group' || kind === 'count' || kind === 'value'
              ? { kind }
              : own(c, 'subjects') === true
                ? { kind: 'count' }
                : {}),
          }
        })
        const cells = rows.map((r) =>
          Array.isArray(r) ? r.map(scalar) : isBag(r) ? read.map((c) => scalar(own(r, c.name))) : [],
        )
        return this.#table(name, read, cells)
      }
      default:
        throw new Bad('bad-shape')
    }
  }

  /** Any JSON value: numbers become scalars, lists tables, objects are flattened with dotted names. */
  plain(name: string, v: unknown): TypedOutput[] {
    if (isScalar(v)) return [{ type: 'scalar', name: nameOf(name || 'value'), value: scalar(v) }]
    if (Array.isArray(v)) {
      const called = nameOf(name || 'values')
      if (v.length === 0) return []
      if (v.every(isScalar))
        return [
          this.#table(
            called,
            [{ name: 'value' }],
            v.map((x) => [scalar(x)]),
          ),
        ]
      if (v.every(isBag)) return [this.#records(called, v)]
      const width = Array.isArray(v[0]) ? v[0].length : 0
      if (width === 0 || !v.every((r) => Array.isArray(r) && r.length === width)) throw new Bad('bad-shape')
      return [
        this.#table(
          called,
          Array.from({ length: width }, (_, i) => ({ name: `column ${i + 1}` })),
          v.map((r: unknown[]) => r.map(scalar)),
        ),
      ]
    }
    if (!isBag(v)) throw new Bad('bad-shape')
    return Object.entries(v).flatMap(([k, x]) => {
      nameOf(k)
      return this.plain(name ? `${name}.${k}` : k, x)
    })
  }

  json(prefix: string, v: unknown): TypedOutput[] {
    if (!isBag(v)) {
      if (Array.isArray(v)) return this.plain(prefix, v)
      throw new Bad('not-an-object')
    }
    const list = own(v, 'outputs')
    if (Array.isArray(list))
      return list.map((o) => {
        if (!isBag(o)) throw new Bad('bad-shape')
        return this.typed(o)
      })
    if (outputTypes.includes(own(v, 'type') as never) && own(v, 'name') !== undefined) return [this.typed(v)]
    return this.plain(prefix, v)
  }
}

/**
 * Typed outputs of the files of one run. `result.json` holds `{ outputs: [...] }`, one typed output, or any object;
 * other JSON files lend their name to what they hold; each CSV file is a table. Names are distinct over all files,
 * otherwise the second one is a problem. `limits.bytes` counts all files together.
 */
export function parseOutputs(
  files: readonly { file: string; bytes: Uint8Array }[],
  limits: OutputLimits,
): ParsedOutputs {
  const out: ParsedOutputs = { outputs: [], files: [], problems: [] }
  const names = new Set<string>()
  const reader = new Reader(limits)
  const most = limits.outputs ?? 2000
  let size = 0
  for (const { file, bytes } of files.toSorted(
    (a, b) => Number(b.file === 'result.json') - Number(a.file === 'result.json') || (a.file < b.file ? -1 : 1),
  )) {
    const dot = file.lastIndexOf('.')
    const stem = file.slice(0, dot)
    const ending = file.slice(dot + 1).toLowerCase()
    try {
      size += bytes.length
      if (size > limits.bytes) throw new Bad('too-large')
      const type = types[ending]
      if (type) {
        out.files.push({ file, type, bytes })
        continue
      }
      let text: string
      try {
        text = decoder.decode(bytes)
      } catch {
        throw new Bad('not-text')
      }
      const found =
        ending === 'csv'
          ? [reader.csv(nameOf(stem), text)]
          : reader.json(file === 'result.json' ? '' : nameOf(stem), readJson(text))
      for (const o of found) {
        if (names.has(o.name)) throw new Bad('duplicate-name')
        names.add(o.name)
      }
      if (out.outputs.length + found.length > most) throw new Bad('too-many-outputs')
      out.outputs.push(...found)
    } catch (e) {
      // A stack that runs out on hostile nesting is a RangeError: a problem of the file like any other.
      out.problems.push({ file, problem: e instanceof Bad ? e.problem : 'bad-shape' })
    }
  }
  return out
}
