/**
 * One step of estimation on one marginal: the proximal step of mirror descent, solved exactly. Given the model's
 * marginal m (counts), the noisy one y and a stiffness c, it finds v that minimises |v - y|^2 / 2 + c KL(v | m) over
 * tables v >= 0 with the total fixed. With c -> 0 it is iterative proportional fitting to y's projection; with c large
 * a small gradient step. Cells far above c jump to y; cells in the noise move slowly, which keeps early stopping a
 * regularisation. Each cell solves v + c ln v = y - shift + c ln m, that is v = c omega(...) with Wright's omega
 * function (omega + ln omega = z).
 */

const from = -20
const to = 60
const perUnit = 16
const knots = (to - from) * perUnit + 1
const table = new Float64Array(knots)

/** Newton's iteration for w + ln w = z from a good start. */
function newton(z: number, start: number): number {
  let w = start
  for (let i = 0; i < 6; i++) {
    const next = (w * (1 + z - Math.log(w))) / (1 + w)
    if (Math.abs(next - w) <= 1e-15 * next) return next
    w = next
  }
  return w
}
for (let i = 0; i < knots; i++) {
  const z = from + i / perUnit
  table[i] = newton(z, z > 1 ? z - Math.log(z) + Math.log(z) / z : Math.exp(z) / (1 + Math.exp(z)))
}

/**
 * Wright's omega function for real z: table and cubic Hermite interpolation (relative error under 1e-6), asymptotics
 * outside.
 */
export function omega(z: number): number {
  if (z >= to) {
    const l = Math.log(z)
    const w = z - l + l / z
    return (w * (1 + z - Math.log(w))) / (1 + w)
  }
  if (z < from) return Math.exp(z)
  const x = (z - from) * perUnit
  const i = Math.min(knots - 2, Math.floor(x))
  const t = x - i
  const a = table[i]!
  const b = table[i + 1]!
  const da = a / (1 + a) / perUnit
  const db = b / (1 + b) / perUnit
  return a + t * (da + t * (3 * (b - a) - 2 * da - db + t * (2 * (a - b) + da + db)))
}

/** No cell is pushed below this many rows, so that a later answer can raise it again. */
const floor = 1e-9

/**
 * Writes v / m into `ratio` and adds its logarithm to `theta`. `shift` is the start for the multiplier that keeps the
 * total, the new one is returned. Cells with m = 0 (structural zeros) stay.
 */
export function proximalStep(
  m: Float64Array,
  y: Float64Array,
  c: number,
  total: number,
  theta: Float64Array,
  ratio: Float64Array,
  shift: number,
): number {
  const n = m.length
  const logC = Math.log(c)
  // ratio holds z at shift 0 until the end
  let top = -Infinity
  for (let i = 0; i < n; i++) {
    const z = m[i]! > 0 ? y[i]! / c + Math.log(m[i]!) - logC : -Infinity
    ratio[i] = z
    if (z > top) top = z
  }
  if (top === -Infinity) {
    ratio.fill(1)
    return shift
  }
  // The sum of v is convex and falls with the shift: at `left` one cell alone reaches the total, and from the left
  // Newton's steps never pass the root; a step from the right lands left of it.
  const left = top - total / c - Math.log(total / c)
  let s = Math.max(left, shift / c)
  for (let turn = 0; turn < 200; turn++) {
    let sum = 0
    let slope = 0
    for (let i = 0; i < n; i++) {
      const z = ratio[i]! - s
      if (z > -60) {
        const w = omega(z)
        sum += w
        slope += w / (1 + w)
      }
    }
    const gap = sum * c - total
    if (Math.abs(gap) <= 1e-4 * total) break
    s = slope > 0 ? Math.max(left, s + gap / c / slope) : left
  }
  let reached = 0
  for (let i = 0; i < n; i++) {
    const before = m[i]!
    if (!(before > 0)) {
      ratio[i] = 0
      continue
    }
    let v = c * omega(ratio[i]! - s)
    if (v < floor) v = Math.min(before, floor)
    reached += v
    ratio[i] = v
  }
  const scale = total / reached
  for (let i = 0; i < n; i++) {
    if (!(m[i]! > 0)) {
      ratio[i] = 1
      continue
    }
    const r = (ratio[i]! * scale) / m[i]!
    ratio[i] = r
    theta[i]! += Math.log(r)
  }
  return s * c
}
