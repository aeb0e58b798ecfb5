/**
 * Leave-out agreement: what the runs without a block of subjects say about a number of the run on all.
 *
 * Code nobody has read runs once on the whole cohort and once without each of K disjoint, secretly chosen blocks of
 * subjects (a delete-a-group jackknife, Kott 2001, "The delete-a-group jackknife", J. Official Statistics 17). A number
 * that rests on many people moves a little in every run; one that carries a person's value moves in the one run in
 * which that person is missing. So
 * - a number whose movement comes from fewer than about two blocks does not leave (`alone`);
 * - the released number is made from the runs that leave somebody out, not from the run on all: code that recognises
 * the whole cohort by its size gains nothing;
 * - it is rounded to a step wider than its largest movement, wider still the more numbers leave together, and at a
 * secret point: where a number falls between two steps, chance decides with the odds of its position (stochastic
 * rounding), so no boundary can be aimed at.
 */
import type { Uniform } from '../privacy/randomness.ts'

/** How the runs compare; `centre` and `movement` are on the scale of the whole cohort. */
export interface Agreement {
  kind:
    | /** The same in every run. */ 'constant'
    | /** Moves with many blocks. */ 'varying'
    | /** Moves with one block, or the run on all is not like the others. */ 'alone'
    | /** Missing in some runs only. */ 'mixed'
    | /** Missing in every run. */ 'missing'
  centre: number
  movement: number
  /** Grows with the number of subjects: a count or a total. */
  extensive: boolean
  /** A whole number in every run. */
  whole: boolean
  /**
   * The block whose run lies far from the others, though not alone. One number in fifty has one by chance; many numbers
   * with the same one hang on the same few people.
   */
  apart?: number
}

/** Under this, differences are those of floating-point sums taken in another order. */
const sameWithin = 1e-9
/**
 * Participation number of the blocks' movements, between 1 and K; eight normal ones fall under this once in ten
 * thousand.
 */
const leastBlocks = 1.8

const median = (sorted: readonly number[]): number =>
  (sorted[(sorted.length - 1) >> 1]! + sorted[sorted.length >> 1]!) / 2
/** (sum |a|)^2 / sum a^2: how many blocks carry the movement (inverse Simpson index). */
function participation(values: readonly number[]): number {
  const centre = median(values.toSorted((a, b) => a - b))
  const largest = Math.max(...values.map((v) => Math.abs(v - centre)))
  if (!(largest > 0)) return values.length
  const sizes = values.map((v) => Math.abs(v - centre) / largest)
  return sizes.reduce((s, a) => s + a, 0) ** 2 / sizes.reduce((s, a) => s + a * a, 0)
}

/**
 * Deviation of one run from the others in their standard deviations, beyond which a block stands apart (externally
 * studentised; a t of 6 degrees of freedom passes 5 in a quarter of a percent).
 */
const apartBy = 5
/** The block whose value is furthest from the mean of the others in units of their deviation, if that is far. */
function standsApart(values: readonly number[]): number | undefined {
  let most = apartBy
  let at: number | undefined
  values.forEach((v, i) => {
    const rest = values.filter((_, j) => j !== i)
    const mean = rest.reduce((s, x) => s + x, 0) / rest.length
    const deviation = Math.sqrt(
      (rest.reduce((s, x) => s + (x - mean) ** 2, 0) / (rest.length - 1)) * (1 + 1 / rest.length),
    )
    const t = deviation > 0 ? Math.abs(v - mean) / deviation : v === mean ? 0 : Infinity
    if (t > most) {
      most = t
      at = i
    }
  })
  return at
}

const powers = [1, 0.5, -0.5, -1]

/**
 * Judges a number: `all` on the whole cohort of `subjects`, `without[i]` on the run of `left[i]` subjects. `null` is a
 * number that is not there or not finite. `shape` gives `without` on a scale of its own, where that is known to be fair
 * (p-values).
 */
export function agree(
  all: number | null,
  without: readonly (number | null)[],
  subjects: number,
  left: readonly number[],
  shape?: readonly number[],
): Agreement {
  const none = { centre: 0, movement: 0, extensive: false, whole: false }
  if (all === null || without.includes(null))
    return { kind: all === null && without.every((v) => v === null) ? 'missing' : 'mixed', ...none }
  const raw = without as readonly number[]
  const away = (list: readonly number[]): number => list.reduce((s, v) => s + Math.abs(v - all), 0)
  // A mean does not grow with the number of subjects; a total does, a test statistic with its root, a standard error
  // falls with it.
  let power = 0
  let values = raw
  for (const p of powers) {
    const scaled = raw.map((v, i) => (left[i]! > 0 ? v * (subjects / left[i]!) ** p : v))
    if (away(scaled) < away(values)) {
      power = p
      values = scaled
    }
  }
  const extensive = power === 1
  const whole = [all, ...raw].every(Number.isInteger)
  const sorted = values.toSorted((a, b) => a - b)
  const low = sorted[0]!
  const high = sorted.at(-1)!
  const size = Math.max(Math.abs(low), Math.abs(high), Math.abs(all))
  if (high - low <= sameWithin * size && Math.abs(all - sorted[0]!) <= sameWithin * size)
    return { kind: 'constant', centre: all, movement: 0, extensive, whole }
  // For sums and means this is the value on the whole cohort, up to the sizes of the blocks.
  const centre = values.reduce((s, v) => s + v, 0) / values.length
  const movement = Math.max(...[...values, all].map((v) => Math.abs(v - centre)))
  const facts = { centre, movement, extensive, whole }
  // Whole numbers jump by one.
  const slack = (high - low) / 2 + (whole ? 1 : 0)
  if (all < low - slack || all > high + slack) return { kind: 'alone', ...facts }
  // Skewed numbers (p-values, variances) are fair on the scale of their logarithm; a lone block stays alone on any
  // scale.
  const logs = low > 0 || high < 0 ? values.map((v) => Math.log(Math.abs(v))) : values
  if (Math.max(participation(values), participation(logs), shape ? participation(shape) : 0) < leastBlocks)
    return { kind: 'alone', ...facts }
  const apart = standsApart(shape ?? logs) === undefined ? undefined : standsApart(values)
  return { kind: 'varying', ...facts, ...(apart === undefined ? {} : { apart }) }
}

/** The smallest of 1, 2 and 5 times a power of ten that is at least `x` > 0. */
export function niceStep(x: number): number {
  const power = 10 ** Math.floor(Math.log10(x) - 1e-12)
  return tidy([1, 2, 5, 10].map((f) => f * power).find((s) => s >= x * (1 - 1e-12))!)
}
/** Without the last binary digits, so that 0.30000000000000004 is 0.3. */
const tidy = (x: number): number => Number(x.toPrecision(12))

/**
 * Movements are taken this often, and more by the root of one plus a tenth of the numbers that leave together: what can
 * be learned from all of them stays bounded.
 */
const wider = 1.5
/**
 * The step a number is rounded to: beyond its movement, at most four significant digits, whole numbers to whole
 * numbers. What never moves was either written down beforehand (`known`) or is a value that several people share, as
 * the largest or the most frequent one may be: that gets two digits.
 */
export function stepOf(a: Agreement, numbers: number, known = false): number {
  const figures = a.kind === 'constant' && !known ? 2 : 4
  const digits = a.centre === 0 ? 0 : 10 ** (Math.floor(Math.log10(Math.abs(a.centre))) + 1 - figures)
  const least = Math.max(a.movement * wider * Math.sqrt(1 + numbers / 10), digits, a.whole ? 1 : 0)
  return least > 0 ? niceStep(least) : 0
}

/**
 * `centre` on the grid of `step`: the nearest point for what is the same in every run, otherwise the one below or above
 * with the odds of its position. Less than a step away from `centre`.
 */
export function roundTo(a: Agreement, step: number, uniform: Uniform): number {
  if (step === 0) return a.centre
  const position = a.centre / step
  // A share under 1e-9 is floating-point dust on a grid point, not a position between two.
  const below = Math.floor(position + 1e-9)
  const share = Math.max(0, position - below)
  const up = a.kind === 'constant' ? share >= 0.5 : uniform.bits48() / 2 ** 48 < share
  return tidy((below + (up ? 1 : 0)) * step) + 0
}
