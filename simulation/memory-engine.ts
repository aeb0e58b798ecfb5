/** People in memory, an engine over them, and what a container would send about them: for histories and for tests of jobs. */
import { createHash } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import type { Cohort } from '../domain/datasets/cohort.ts'
import type { DatasetSchema } from '../domain/datasets/schema.ts'
import type { Manifest } from '../domain/jobs/manifest.ts'
import type { Report, RunReport } from '../domain/release/run-report.ts'
import type { QueryResult, QueryRow } from '../domain/sql/result.ts'
import { parseSelection, selectionText } from '../domain/sql/selection.ts'
import type { Engine } from '../ports/engine.ts'

export interface Person {
  id: number
  sex: 'F' | 'M'
  site: 'north' | 'south' | 'rare'
  age: number
}
function siteOf(id: number): Person['site'] {
  if (id < 4) return 'rare'
  return id < 32 ? 'north' : 'south'
}
/** So many people; two sexes evenly, four of them at the site `rare`. */
export const crowd = (count: number): Person[] =>
  Array.from({ length: count }, (_, id) => ({
    id,
    sex: id % 2 ? 'F' : 'M',
    site: siteOf(id),
    age: 30 + ((id * 7) % 40),
  }))
export const people: Person[] = crowd(60)
export const schema: DatasetSchema = {
  tables: [
    {
      name: 'subjects',
      file: 'subjects.csv',
      oneRowPerSubject: true,
      columns: [
        { name: 'id', type: 'integer', role: 'subject' },
        { name: 'sex', type: 'category', categories: ['F', 'M'] },
        { name: 'site', type: 'category', categories: ['north', 'south', 'rare'] },
        { name: 'age', type: 'integer', minimum: 0, maximum: 120 },
      ],
    },
  ],
  images: [],
}

const fingerprint = (ids: readonly number[]): string =>
  createHash('sha256')
    .update([...ids].sort((a, b) => a - b).join(','))
    .digest('hex')
    .slice(0, 16)
function within(cohort: Cohort, of: readonly Person[] = people): Person[] {
  return of.filter((person) =>
    cohort.every((condition) => {
      const value = person[condition.column as keyof Person]
      switch (condition.is) {
        case 'equal':
          return value === condition.value
        case 'not-equal':
          return value !== condition.value
        case 'in':
          return condition.values.includes(value)
        case 'not-in':
          return !condition.values.includes(value)
        case 'between':
          return (
            (condition.from === undefined || value >= condition.from) &&
            (condition.to === undefined || value <= condition.to)
          )
        default:
          return condition.is === 'known'
      }
    }),
  )
}
const selected = (text: string, of: readonly Person[]): Set<number> => {
  const selection = parseSelection(text)
  return new Set(
    within(selection.cohort, of)
      .filter((p) => !selection.sql || !selection.keys?.length || p[selection.sql as 'sex'] === selection.keys[0])
      .map((p) => p.id),
  )
}

/** Takes two queries: `all` counts everybody, `by <column>` counts groups. */
export const memoryEngine = (of: readonly Person[] = people): Engine => ({
  read: async () => {
    throw new Error('not here')
  },
  store: async () => {
    throw new Error('not here')
  },
  count: async (_, cohort) => {
    const people = within(cohort, of)
    return { subjects: people.length, fingerprint: fingerprint(people.map((x) => x.id)) }
  },
  difference: async (_, one, other) => {
    const [ones, others] = [selected(one, of), selected(other, of)]
    return [...ones].filter((i) => !others.has(i)).length + [...others].filter((i) => !ones.has(i)).length
  },
  materialise: async (_, __, prefix) => [{ file: 'subjects.csv', key: `${prefix}subjects.csv`, rows: 1 }],
  validate: async (sql, _, mode): ReturnType<Engine['validate']> => {
    if (!/^(all|by (sex|site))$/.test(sql)) {
      const message = 'There is no column nowhere.'
      return { problem: { code: 'unknown-column', step: 'prepare', names: ['nowhere'], message } }
    }
    if (mode !== 'noise') return {}
    return {
      measured: {
        rowsPerSubject: 1,
        declaredGroups: true,
        vectors: 1,
        parts: [{ name: 'n', kind: 'count', bounds: [1], low: 0, high: 1, scale: 1 }],
      },
    }
  },
  query: async (_, cohort, sql, mode) => {
    const people = within(cohort, of)
    const column = sql === 'all' ? undefined : (sql.slice(3) as 'sex' | 'site')
    const groups = column ? [...new Set(people.map((x) => x[column]))].sort() : [undefined]
    const rows = groups.map((group): QueryRow => {
      const ids = people.filter((x) => !column || x[column] === group).map((x) => x.id)
      return {
        values: [...(column ? [group!] : []), ids.length],
        rows: ids.length,
        subjects: ids.length,
        columnSubjects: [...(column ? [ids.length] : []), ids.length],
        contributions: [...(column ? [null] : []), null],
        fingerprint: fingerprint(ids),
        sets: [],
        rolledUp: [],
        exact: [...(column ? [null] : []), [String(ids.length)]],
      }
    })
    const result: QueryResult = {
      columns: [
        ...(column
          ? [
              {
                name: column,
                kind: 'group' as const,
                values: column === 'sex' ? ['F', 'M'] : ['north', 'south', 'rare'],
              },
            ]
          : []),
        { name: 'n', kind: 'count', aggregate: 'count-subjects' },
      ],
      rows,
      cohort: { subjects: people.length, fingerprint: fingerprint(people.map((x) => x.id)) },
      selections: groups.map((g) => selectionText({ cohort, sql: column ?? '', keys: g === undefined ? [] : [g] })),
      mode,
      truncated: false,
      ...(mode === 'noise'
        ? {
            noise: {
              rowsPerSubject: 1,
              declaredGroups: true,
              parts: [{ column: column ? 1 : 0, kind: 'count' as const, bounds: [1], low: 0, high: 1, scale: 1 }],
            },
          }
        : {}),
    }
    return { result }
  },
})

/** What a container would send: each run's outputs as a script wrote them. */
export function reportOf(
  job: string,
  manifest: Manifest,
  write: (ids: readonly number[]) => Record<string, unknown>,
  more: Partial<RunReport> = {},
  cohort: readonly Person[] = people,
): Uint8Array {
  const { plan } = manifest
  const blocks = plan.kind === 'whole' ? 0 : plan.blocks
  const ids = cohort.map((p) => p.id)
  const sets: { run: 'all' | number; ids: number[] }[] = [
    ...(plan.kind === 'blocks' ? [] : [{ run: 'all' as const, ids }]),
    ...Array.from({ length: blocks }, (_, block) => ({
      run: block,
      ids: ids.filter((__, i) => (i % blocks === block) === (plan.kind === 'blocks')),
    })),
  ]
  const report: Report = {
    job,
    confinement: 'bubblewrap',
    image: 'image-of-test',
    cohort: ids.length,
    runs: sets.map((set) => ({
      run: set.run,
      subjects: set.ids.length,
      end: 'finished',
      exitCode: 0,
      outputs: [{ file: 'result.json', bytes: Buffer.from(JSON.stringify(write(set.ids))).toString('base64url') }],
      stdout: 'printed-by-the-script',
      stderr: 'cried-by-the-script',
      seconds: 0.1,
      ...more,
    })),
  }
  return new Uint8Array(gzipSync(JSON.stringify(report)))
}
