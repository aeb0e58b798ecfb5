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

const sumOf = (numbers: readonly number[]): number => numbers.reduce((sum, number) => sum + number, 0)
const sorted = (numbers: readonly number[]): number[] => numbers.toSorted((first, second) => first - second)
function median(numbers: readonly number[]): number {
  const ordered = sorted(numbers)
  return (ordered[(ordered.length - 1) >> 1]! + ordered[ordered.length >> 1]!) / 2
}

/** (sum |a|)^2 / sum a^2 of the deviations a: how many blocks carry the movement (inverse Simpson index). */
function participation(values: readonly number[]): number {
  const centre = median(values)
  const deviations = values.map((value) => Math.abs(value - centre))
  const largest = Math.max(...deviations)
  if (!(largest > 0)) return values.length
  const sizes = deviations.map((deviation) => deviation / largest)
  return sumOf(sizes) ** 2 / sumOf(sizes.map((size) => size * size))
}

/**
 * Deviation of one run from the others in their standard deviations, beyond which a block stands apart (externally
 * studentised; a t of 6 degrees of freedom passes 5 in a quarter of a percent).
 */
const apartBy = 5
/** The block whose value is furthest from the mean of the others in units of their deviation, if that is far. */
function standsApart(values: readonly number[]): number | undefined {
  const distances = values.map((_, block) => studentised(values, block))
  const furthest = Math.max(...distances)
  return furthest > apartBy ? distances.indexOf(furthest) : undefined
}
/** How far one value is from the mean of the others, in the standard deviations of that difference. */
function studentised(values: readonly number[], block: number): number {
  const value = values[block]!
  const others = values.filter((_, other) => other !== block)
  const mean = sumOf(others) / others.length
  const variance = sumOf(others.map((other) => (other - mean) ** 2)) / (others.length - 1)
  const deviation = Math.sqrt(variance * (1 + 1 / others.length))
  if (deviation > 0) return Math.abs(value - mean) / deviation
  return value === mean ? 0 : Infinity
}

/**
 * How numbers grow with the number of subjects: a total with it, a test statistic with its root, a standard error falls
 * with the root, a variance of a mean with the number. A mean does not grow.
 */
const powers = [1, 0.5, -0.5, -1]

/** The runs' numbers as they would be on the whole cohort, by the power that brings them closest to `all`. */
function onWholeCohort(
  all: number,
  without: readonly number[],
  subjects: number,
  left: readonly number[],
): { values: readonly number[]; power: number } {
  const distance = (values: readonly number[]): number => sumOf(values.map((value) => Math.abs(value - all)))
  let closest: { values: readonly number[]; power: number } = { values: without, power: 0 }
  for (const power of powers) {
    const values = without.map((value, run) => (left[run]! > 0 ? value * (subjects / left[run]!) ** power : value))
    if (distance(values) < distance(closest.values)) closest = { values, power }
  }
  return closest
}

/**
 * Judges a number: `all` on the whole cohort of `subjects`, `without[i]` on the run of `left[i]` subjects. `null` is a
 * number that is not there or not finite. `shape` gives `without` on a scale of its own, where that is known to be fair
 * (p-values). Values and `left` have the same length, at least two.
 */
export function agree(
  all: number | null,
  without: readonly (number | null)[],
  subjects: number,
  left: readonly number[],
  shape?: readonly number[],
): Agreement {
  if (all === null || without.includes(null)) {
    const isMissing = all === null && without.every((value) => value === null)
    return { kind: isMissing ? 'missing' : 'mixed', centre: 0, movement: 0, extensive: false, whole: false }
  }
  const numbers = without as readonly number[]
  const { values, power } = onWholeCohort(all, numbers, subjects, left)
  const extensive = power === 1
  const whole = [all, ...numbers].every(Number.isInteger)
  const low = Math.min(...values)
  const high = Math.max(...values)
  const size = Math.max(Math.abs(low), Math.abs(high), Math.abs(all))
  if (high - low <= sameWithin * size && Math.abs(all - low) <= sameWithin * size)
    return { kind: 'constant', centre: all, movement: 0, extensive, whole }
  // For sums and means this is the value on the whole cohort, up to the sizes of the blocks.
  const centre = sumOf(values) / values.length
  const movement = Math.max(...[...values, all].map((value) => Math.abs(value - centre)))
  const facts = { centre, movement, extensive, whole }
  // Whole numbers jump by one.
  const slack = (high - low) / 2 + (whole ? 1 : 0)
  if (all < low - slack || all > high + slack) return { kind: 'alone', ...facts }
  // Skewed numbers (p-values, variances) are fair on the scale of their logarithm; a lone block stays alone on any
  // scale.
  const logs = low > 0 || high < 0 ? values.map((value) => Math.log(Math.abs(value))) : values
  const fair = shape ?? logs
  if (Math.max(...[values, logs, fair].map(participation)) < leastBlocks) return { kind: 'alone', ...facts }
  const apart = standsApart(fair) === undefined ? undefined : standsApart(values)
  return { kind: 'varying', ...facts, apart }
}

/** Without the last binary digits, so that 0.30000000000000004 is 0.3. */
const withoutDust = (value: number): number => Number(value.toPrecision(12))

/** The smallest of 1, 2 and 5 times a power of ten that is at least `least` > 0. */
export function niceStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least) - 1e-12)
  return withoutDust([1, 2, 5, 10].map((factor) => factor * power).find((step) => step >= least * (1 - 1e-12))!)
}

/**
 * Movements are taken this often, and more by the root of one plus a tenth of the numbers that leave together: what can
 * be learned from all of them stays bounded.
 */
const wider = 1.5
/** Significant digits that are shown at most. */
const mostFigures = 4
const figuresOfShared = 2

/**
 * The step a number is rounded to, in its own unit: beyond its movement, at most four significant digits, whole numbers
 * to whole numbers; 0 for none. `numbers` is how many leave together. What never moves was either written down
 * beforehand (`known`) or is a value that several people share, as the largest or the most frequent one may be: that
 * gets two digits.
 */
export function stepOf(number: Agreement, numbers: number, known = false): number {
  const figures = number.kind === 'constant' && !known ? figuresOfShared : mostFigures
  const magnitude = Math.floor(Math.log10(Math.abs(number.centre)))
  const ofFigures = number.centre === 0 ? 0 : 10 ** (magnitude + 1 - figures)
  const ofMovement = number.movement * wider * Math.sqrt(1 + numbers / 10)
  const least = Math.max(ofMovement, ofFigures, number.whole ? 1 : 0)
  return least > 0 ? niceStep(least) : 0
}

/**
 * `centre` on the grid of `step`: the nearest point for what is the same in every run, otherwise the one below or above
 * with the odds of its position (stochastic rounding). Less than a step away from `centre`.
 */
export function roundTo(number: Agreement, step: number, uniform: Uniform): number {
  if (step === 0) return number.centre
  const position = number.centre / step
  // A share under 1e-9 is floating-point dust on a grid point, not a position between two.
  const below = Math.floor(position + 1e-9)
  const share = Math.max(0, position - below)
  const up = number.kind === 'constant' ? share >= 0.5 : uniform.bits48() / 2 ** 48 < share
  // Adding zero makes -0 plain 0.
  return withoutDust((below + (up ? 1 : 0)) * step) + 0
}
