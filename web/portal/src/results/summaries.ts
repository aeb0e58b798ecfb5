/** Figures of opened trials: distributions and accuracies, from table rows alone. */
type Row = ReadonlyMap<string, unknown>

/** Finite, non-negative numbers of a column, in its unit. */
export const numbersOf = (rows: readonly Row[], column: string): number[] =>
  rows.map((r) => r.get(column)).filter((v): v is number => typeof v === 'number' && Number.isFinite(v) && v >= 0)

export function quantile(sorted: readonly number[], probability: number): number {
  const at = (sorted.length - 1) * probability
  const low = sorted[Math.floor(at)]!
  return low + (sorted[Math.ceil(at)]! - low) * (at - Math.floor(at))
}

export interface Bin {
  from: number
  to: number
  n: number
}
/**
 * A histogram of about `wanted` bins of a round width; the last bin also holds everything beyond the 99th percentile,
 * so that one long pause does not flatten the rest.
 */
export function histogram(values: readonly number[], wanted = 30): Bin[] {
  if (values.length === 0) return []
  const sorted = [...values].sort((a, b) => a - b)
  const low = sorted[0]!
  const high = Math.max(quantile(sorted, 0.99), low + 1)
  const raw = (high - low) / wanted
  const power = 10 ** Math.floor(Math.log10(raw))
  const width = power * ([1, 2, 5, 10].find((m) => power * m >= raw) ?? 10)
  const start = Math.floor(low / width) * width
  const bins: Bin[] = Array.from({ length: Math.max(1, Math.ceil((high - start) / width + 1e-9)) }, (_, index) => ({
    from: start + index * width,
    to: start + (index + 1) * width,
    n: 0,
  }))
  for (const value of sorted) bins[Math.min(bins.length - 1, Math.max(0, Math.floor((value - start) / width)))]!.n++
  return bins
}

export interface Share {
  group: string
  right: number
  n: number
  low: number
  high: number
}
/**
 * Share of `true` in a column by group, with Wilson's 95 % interval (0 to 1). Rows without true or false do not count.
 */
export function shares(rows: readonly Row[], column: string, groupBy: string): Share[] {
  const counts = new Map<string, [right: number, n: number]>()
  for (const row of rows) {
    const value = row.get(column)
    if (typeof value !== 'boolean') continue
    const group = row.get(groupBy)
    const name = group === undefined || group === null || group === '' ? '(none)' : String(group)
    const tally = counts.get(name) ?? [0, 0]
    counts.set(name, [tally[0] + (value ? 1 : 0), tally[1] + 1])
  }
  const z2 = 1.96 ** 2
  return [...counts]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([group, [right, total]]) => {
      const share = right / total
      const centre = (share + z2 / (2 * total)) / (1 + z2 / total)
      const half = (1.96 * Math.sqrt((share * (1 - share)) / total + z2 / (4 * total * total))) / (1 + z2 / total)
      return { group, right, n: total, low: Math.max(0, centre - half), high: Math.min(1, centre + half) }
    })
}

/** Columns that sort rows into 2 to 12 groups of text, most telling names first: what accuracy can be shown by. */
export function groupings(rows: readonly Row[]): string[] {
  const values = new Map<string, Set<unknown>>()
  for (const row of rows)
    for (const [column, value] of row) {
      if (typeof value !== 'string') continue
      const seen = values.get(column) ?? values.set(column, new Set()).get(column)!
      if (seen.size <= 12 && value.length <= 40) seen.add(value)
      else if (value.length > 40) for (let i = 0; i < 13; i++) seen.add(i)
    }
  const rank = (key: string): number => {
    if (/^(condition|congruency|type)$/i.test(key)) return 0
    return /condition|congru|block/i.test(key) ? 1 : 2
  }
  return [...values]
    .filter(([k, v]) => k !== 'run_id' && v.size >= 2 && v.size <= 12)
    .map(([k]) => k)
    .sort((a, b) => rank(a) - rank(b))
}
