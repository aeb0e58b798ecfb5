/** From opened records to trials, and from trials to table rows. */
import { type OpenedRecord, withoutReplaced } from '../../domain/runs/opened.ts'
import type { OpenedFile, OpenedRun } from './model.ts'

const isObject = (v: unknown): v is Record<string, unknown> => typeof v === 'object' && v !== null && !Array.isArray(v)

/** The newest checkpoint, or undefined. */
export const sessionOf = (records: readonly OpenedRecord[]): unknown =>
  withoutReplaced(records).findLast((r) => r.op === 'session')?.value

/**
 * Files of a run. Names come from a participant's browser, so they are reduced to letters, digits, `.`, `_` and `-`,
 * and made unique by their seq.
 */
export function filesOf(records: readonly OpenedRecord[]): OpenedFile[] {
  return withoutReplaced(records)
    .filter((r) => r.op === 'file' && r.bytes)
    .map((r) => {
      const said = isObject(r.value) ? r.value : {}
      const name = typeof said['name'] === 'string' ? said['name'] : ''
      const safe = name
        .split(/[\\/]/)
        .at(-1)!
        .replaceAll(/[^A-Za-z0-9._-]+/g, '_')
        .replace(/^[._-]+/, '')
        .slice(-80)
      return {
        name: `${String(r.seq).padStart(5, '0')}-${safe || 'file'}`,
        type: typeof said['type'] === 'string' ? said['type'] : 'application/octet-stream',
        part: r.part,
        seq: r.seq,
        bytes: r.bytes!,
      }
    })
}

/**
 * Columns that the platform adds in front of a trial's own. A study's column of the same name becomes `data.<name>`.
 */
export const platformColumns = ['run_id', 'run_condition', 'run_version', 'part', 'seq'] as const
const taken = new Set<string>(platformColumns)

/** One table row for each trial. */
export const tableRows = (runs: readonly Pick<OpenedRun, 'trials'>[]): Map<string, unknown>[] =>
  runs.flatMap((run) =>
    run.trials.map(
      (t) =>
        new Map<string, unknown>([
          ['run_id', t.runId],
          ['run_condition', t.condition],
          ['run_version', t.version],
          ['part', t.part],
          ['seq', t.seq],
          ...[...t.data].map(([k, v]): [string, unknown] => [taken.has(k) ? `data.${k}` : k, v]),
        ]),
    ),
  )
