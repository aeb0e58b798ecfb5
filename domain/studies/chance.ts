/** Seeded chance: every random choice of a run follows from its seed, so that a run can be replayed and resumed. */

export interface Chance {
  /** Uniform in [0, 1). */
  next(): number
  /** Uniform integer in [0, below). */
  below(below: number): number
}

/**
 * A stream of its own for each (seed, name): a change in one place of a timeline leaves the choices everywhere else as
 * they were. The generator is sfc32 (Doty-Humphrey, PractRand), its 128 bits of state mixed from seed and name as FNV
 * does.
 */
export function chance(seed: number, name: string): Chance {
  let one = 0x9e3779b9 ^ Math.trunc(seed)
  let two = 0x243f6a88 ^ Math.trunc(seed / 0x1_0000_0000)
  let three = 0xb7e15162
  let counter = 1
  for (let i = 0; i < name.length; i++) {
    const code = name.charCodeAt(i)
    one = Math.imul(one ^ code, 0x01000193)
    two = Math.imul(two + code, 0x85ebca6b) ^ (two >>> 13)
    three = Math.imul(three ^ code, 0xc2b2ae35) ^ (three >>> 16)
  }
  const bits = (): number => {
    const drawn = (((one + two) | 0) + counter) | 0
    counter = (counter + 1) | 0
    one = two ^ (two >>> 9)
    two = (three + (three << 3)) | 0
    three = (three << 21) | (three >>> 11)
    three = (three + drawn) | 0
    return drawn >>> 0
  }
  for (let i = 0; i < 16; i++) bits()
  const next = (): number => bits() / 0x1_0000_0000
  return { next, below: (below) => Math.floor(next() * below) }
}

/** The same things in random order (Fisher-Yates), as a new list. */
export function shuffle<T>(things: readonly T[], random: Chance): T[] {
  const out = [...things]
  for (let i = out.length - 1; i > 0; i--) {
    const other = random.below(i + 1)
    const held = out[i] as T
    out[i] = out[other] as T
    out[other] = held
  }
  return out
}

export type Sample =
  | { type: 'with-replacement'; size: number; weights?: number[] }
  | { type: 'without-replacement'; size: number }
  | { type: 'fixed-repetitions'; size: number }
  | { type: 'alternate-groups'; groups: number[][]; randomize_group_order?: boolean }

/** How many rows a sample takes out of `rows`. */
export function sampleSize(rows: number, sample: Sample | undefined): number {
  if (!sample) return rows
  if (sample.type === 'fixed-repetitions') return rows * sample.size
  if (sample.type === 'alternate-groups') return Math.min(...sample.groups.map((g) => g.length)) * sample.groups.length
  return sample.size
}

/** Row numbers of one pass through `rows` timeline variables, as jsPsych's sampling methods define them. */
export function sampleOrder(rows: number, sample: Sample | undefined, randomize: boolean, random: Chance): number[] {
  const all = Array.from({ length: rows }, (_, i) => i)
  const order = sample ? draw(all, sample, random) : all
  return randomize ? shuffle(order, random) : order
}

function draw(all: number[], sample: Sample, random: Chance): number[] {
  switch (sample.type) {
    case 'with-replacement': {
      const weights = sample.weights ?? all.map(() => 1)
      const total = weights.reduce((sum, w) => sum + w, 0)
      return Array.from({ length: sample.size }, () => {
        let left = random.next() * total
        const at = weights.findIndex((w) => (left -= w) < 0)
        return at < 0 ? weights.findLastIndex((w) => w > 0) : at // rounding may leave a crumb
      })
    }
    case 'without-replacement':
      return shuffle(all, random).slice(0, sample.size)
    case 'fixed-repetitions':
      return shuffle(Array.from({ length: sample.size }, () => all).flat(), random)
    case 'alternate-groups': {
      const groups = (sample.randomize_group_order ? shuffle(sample.groups, random) : sample.groups).map((g) =>
        shuffle(g, random),
      )
      const rounds = Math.min(...groups.map((g) => g.length))
      return Array.from({ length: rounds }, (_, i) => groups.map((g) => g[i] as number)).flat()
    }
  }
}

export const counterbalanceOrders = ['latin', 'full', 'random'] as const
export type CounterbalanceOrder = (typeof counterbalanceOrders)[number]
/** More tasks than this have too many orders to hope for balance. */
export const maxFullTasks = 7

/**
 * A balanced Latin square (Williams 1949, "Experimental designs balanced for the estimation of residual effects of
 * treatments"): each task stands at each place equally often and, within the square, follows each other task equally
 * often. Rows of task numbers from 0: `count` rows for an even `count`, twice as many for an odd one.
 */
export function latinSquare(count: number): number[][] {
  // 0, 1, count - 1, 2, count - 2, ...: neighbours differ by every amount once
  const first = Array.from({ length: count }, (_, place) =>
    place % 2 === 1 ? (place + 1) / 2 : (count - place / 2) % count,
  )
  const rows = Array.from({ length: count }, (_, shift) => first.map((t) => (t + shift) % count))
  return count % 2 === 0 ? rows : [...rows, ...rows.map((row) => [...row].reverse())]
}

/** The `index`-th of the `n!` orders of `n` things. */
function permutation(count: number, index: number): number[] {
  const left = Array.from({ length: count }, (_, i) => i)
  const out: number[] = []
  for (let size = count; size > 0; size--) {
    out.push(...left.splice(index % size, 1))
    index = Math.floor(index / size)
  }
  return out
}

/**
 * Which of `tasks` tasks (numbers from 0) stands at each place. `latin` and `full` walk their orders by the seed:
 * consecutive seeds are perfectly balanced, random ones in expectation.
 */
export function counterbalanced(tasks: number, order: CounterbalanceOrder, seed: number): number[] {
  const row = (count: number): number => ((Math.trunc(seed) % count) + count) % count
  if (order === 'random')
    return shuffle(
      Array.from({ length: tasks }, (_, i) => i),
      chance(seed, 'counterbalance'),
    )
  if (order === 'full')
    return permutation(tasks, row(Array.from({ length: tasks }, (_, i) => i + 1).reduce((a, b) => a * b, 1)))
  const square = latinSquare(tasks)
  return square[row(square.length)] ?? []
}
