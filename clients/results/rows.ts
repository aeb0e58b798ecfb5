/** From opened records to trials, and from trials to table rows. */
import { type OpenedRecord, type Trial, withoutReplaced } from '../../domain/runs/opened.ts'
import type { OpenedFile, OpenedRun } from './model.ts'

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** The value of the newest checkpoint of a session; undefined when there is none. */
export const sessionOf = (records: readonly OpenedRecord[]): unknown =>
  withoutReplaced(records).findLast(({ op }) => op === 'session')?.value

/**
 * Files of a run. Names come from a participant's browser, so they are reduced to letters, digits, `.`, `_` and `-`,
 * and made unique by their seq.
 */
export function filesOf(records: readonly OpenedRecord[]): OpenedFile[] {
  return withoutReplaced(records)
    .filter(({ op, bytes }) => op === 'file' && bytes)
    .map(({ value, seq, part, bytes }) => {
      const said = isObject(value) ? value : {}
      const name = typeof said['name'] === 'string' ? said['name'] : ''
      const safe = name
        .split(/[\\/]/)
        .at(-1)!
        .replaceAll(/[^A-Za-z0-9._-]+/g, '_')
        .replace(/^[._-]+/, '')
        .slice(-80)
      return {
        name: `${String(seq).padStart(5, '0')}-${safe || 'file'}`,
        type: typeof said['type'] === 'string' ? said['type'] : 'application/octet-stream',
        part,
        seq,
        bytes: bytes!,
      }
    })
}

/**
 * Columns that the platform adds in front of a trial's own. A study's column of the same name becomes `data.<name>`.
 */
export const platformColumns = ['run_id', 'run_condition', 'run_version', 'part', 'seq'] as const
const taken = new Set<string>(platformColumns)

const rowOf = ({ runId, condition, version, part, seq, data }: Trial): Map<string, unknown> =>
  new Map<string, unknown>([
    ['run_id', runId],
    ['run_condition', condition],
    ['run_version', version],
    ['part', part],
    ['seq', seq],
    ...[...data].map(([name, value]): [string, unknown] => [taken.has(name) ? `data.${name}` : name, value]),
  ])

/** One table row for each trial, values by column; the platform's columns come first. */
export const tableRows = (runs: readonly Pick<OpenedRun, 'trials'>[]): Map<string, unknown>[] =>
  runs.flatMap(({ trials }) => trials.map(rowOf))
