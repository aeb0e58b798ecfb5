/**
 * One step of estimation on one marginal: the proximal step of mirror descent, solved exactly. Given the model's
 * marginal m (counts), the noisy counts y and a stiffness c, it finds v that minimises |v - y|^2 / 2 + c KL(v | m) over
 * tables v >= 0 with the total fixed. With c -> 0 it is iterative proportional fitting to y's projection; with c large
 * a small gradient step. Cells far above c jump to y; cells in the noise move slowly, which keeps early stopping a
 * regularisation. Each cell solves v + c ln v = y - shift + c ln m, that is v = c omega(...) with Wright's omega
 * function (omega + ln omega = z; Corless and Jeffrey 2002).
 */

const tableStart = -20
const tableEnd = 60
const knotsPerUnit = 16
const knots = (tableEnd - tableStart) * knotsPerUnit + 1
const omegaAtKnots = new Float64Array(knots)

/** Newton's iteration for omega + ln omega = z from a good start. */
function newton(argument: number, start: number): number {
  let omegaValue = start
  for (let i = 0; i < 6; i++) {
    const next = (omegaValue * (1 + argument - Math.log(omegaValue))) / (1 + omegaValue)
    if (Math.abs(next - omegaValue) <= 1e-15 * next) return next
    omegaValue = next
  }
  return omegaValue
}
for (let i = 0; i < knots; i++) {
  const argument = tableStart + i / knotsPerUnit
  const start =
    argument > 1
      ? argument - Math.log(argument) + Math.log(argument) / argument
      : Math.exp(argument) / (1 + Math.exp(argument))
  omegaAtKnots[i] = newton(argument, start)
}

/**
 * Wright's omega function of a real argument z: table and cubic Hermite interpolation (relative error under 1e-6),
 * asymptotics outside.
 */
export function omega(argument: number): number {
  if (argument >= tableEnd) {
    const logarithm = Math.log(argument)
    const guess = argument - logarithm + logarithm / argument
    return (guess * (1 + argument - Math.log(guess))) / (1 + guess)
  }
  if (argument < tableStart) return Math.exp(argument)
  const position = (argument - tableStart) * knotsPerUnit
  const knot = Math.min(knots - 2, Math.floor(position))
  const offset = position - knot
  const left = omegaAtKnots[knot]!
  const right = omegaAtKnots[knot + 1]!
  const leftSlope = left / (1 + left) / knotsPerUnit
  const rightSlope = right / (1 + right) / knotsPerUnit
  const square = 3 * (right - left) - 2 * leftSlope - rightSlope
  const cube = 2 * (left - right) + leftSlope + rightSlope
  return left + offset * (leftSlope + offset * (square + offset * cube))
}

/** No cell is pushed below this many rows, so that a later answer can raise it again. */
const leastRows = 1e-9

/**
 * The multiplier, over the stiffness, with which all cells together reach the total. `cellArguments` are those of omega
 * at shift 0.
 */
function solveShift(cellArguments: Float64Array, top: number, stiffness: number, total: number, start: number): number {
  // The sum of v is convex and falls with the shift: at `least` one cell alone reaches the total, and from the left
  // Newton's steps never pass the root; a step from the right lands left of it.
  const least = top - total / stiffness - Math.log(total / stiffness)
  let shift = Math.max(least, start)
  for (let turn = 0; turn < 200; turn++) {
    let sum = 0
    let slope = 0
    for (let i = 0; i < cellArguments.length; i++) {
      const argument = cellArguments[i]! - shift
      if (argument > -60) {
        const value = omega(argument)
        sum += value
        slope += value / (1 + value)
      }
    }
    const gap = sum * stiffness - total
    if (Math.abs(gap) <= 1e-4 * total) break
    shift = slope > 0 ? Math.max(least, shift + gap / stiffness / slope) : least
  }
  return shift
}

/**
 * Writes v / m, for the model's `marginal` m, into `ratio` and adds its logarithm to `potential`; all are tables of one
 * shape. `noisyCounts`, `total` and `stiffness` are in rows. `shift` is the start for the multiplier that keeps the
 * total; the new one is returned. Cells where the marginal is 0 (structural zeros) stay.
 */
export function proximalStep(
  marginal: Float64Array,
  noisyCounts: Float64Array,
  stiffness: number,
  total: number,
  potential: Float64Array,
  ratio: Float64Array,
  shift: number,
): number {
  const cells = marginal.length
  const logStiffness = Math.log(stiffness)
  // Until the end `ratio` holds the arguments of omega at shift 0.
  let top = -Infinity
  for (let i = 0; i < cells; i++) {
    const argument = marginal[i]! > 0 ? noisyCounts[i]! / stiffness + Math.log(marginal[i]!) - logStiffness : -Infinity
    ratio[i] = argument
    if (argument > top) top = argument
  }
  if (top === -Infinity) {
    ratio.fill(1)
    return shift
  }
  const solved = solveShift(ratio, top, stiffness, total, shift / stiffness)
  let reached = 0
  for (let i = 0; i < cells; i++) {
    const before = marginal[i]!
    if (!(before > 0)) {
      ratio[i] = 0
      continue
    }
    let rows = stiffness * omega(ratio[i]! - solved)
    if (rows < leastRows) rows = Math.min(before, leastRows)
    reached += rows
    ratio[i] = rows
  }
  const scale = total / reached
  for (let i = 0; i < cells; i++) {
    if (!(marginal[i]! > 0)) {
      ratio[i] = 1
      continue
    }
    const change = (ratio[i]! * scale) / marginal[i]!
    ratio[i] = change
    potential[i]! += Math.log(change)
  }
  return solved * stiffness
}
