import type { Run } from './data.ts'

/** The orders that a list of runs can be shown in. */
export const sorts = [
  { value: 'newest', label: 'Newest first' },
  { value: 'oldest', label: 'Oldest first' },
  { value: 'longest', label: 'Longest first' },
  { value: 'missing', label: 'Most missing first' },
] as const
const order: Record<string, (a: Run, b: Run) => number> = {
  newest: (a, b) => b.started.localeCompare(a.started),
  oldest: (a, b) => a.started.localeCompare(b.started),
  longest: (a, b) => b.seconds - a.seconds,
  missing: (a, b) => b.missing - a.missing || b.conflicts - a.conflicts,
}

/** The runs with `text` in their id, condition, link or pseudonym, in the order `sort`; else the newest first. */
export function matching(runs: readonly Run[], text: string, sort: string): Run[] {
  const query = text.trim().toLowerCase()
  return runs
    .filter((run) => !query || searched(run).some((field) => field.toLowerCase().includes(query)))
    .sort(order[sort] ?? order['newest']!)
}

const searched = ({ runId, condition, linkLabel, pseudonym }: Run): string[] => [
  runId,
  condition,
  linkLabel,
  pseudonym ?? '',
]
