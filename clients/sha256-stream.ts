/** SHA-256 in pieces, for files too large to hold in memory at once (Web Crypto takes the whole message or nothing). */
import { hex } from '../domain/hash.ts'

const k = new Uint32Array(64)
const start = new Uint32Array(8)
{
  // The constants are the first 32 bits of the fractional parts of cube and square roots of the first primes (FIPS
  // 180-4).
  const fraction = (x: number) => Math.floor((x - Math.floor(x)) * 2 ** 32)
  for (let n = 2, found = 0; found < 64; n++) {
    let prime = true
    for (let d = 2; d * d <= n; d++)
      if (n % d === 0) {
        prime = false
        break
      }
    if (!prime) continue
    if (found < 8) start[found] = fraction(Math.sqrt(n))
    k[found++] = fraction(Math.cbrt(n))
  }
}

const turn = (x: number, n: number) => (x >>> n) | (x << (32 - n))

/** `update` with any number of pieces, then `digest` once: 64 lower-case hex digits. */
export class Sha256Stream {
  private readonly h = start.slice()
  private readonly w = new Uint32Array(64)
  private readonly tail = new Uint8Array(64)
  private held = 0
  private length = 0

  private block(data: Uint8Array, at: number): void {
    const { h, w } = this
    for (let i = 0; i < 16; i++) {
      const p = at + 4 * i
      w[i] = (data[p]! << 24) | (data[p + 1]! << 16) | (data[p + 2]! << 8) | data[p + 3]!
    }
    for (let i = 16; i < 64; i++) {
      const a = w[i - 15]!
      const b = w[i - 2]!
      w[i] = w[i - 16]! + (turn(a, 7) ^ turn(a, 18) ^ (a >>> 3)) + w[i - 7]! + (turn(b, 17) ^ turn(b, 19) ^ (b >>> 10))
    }
    let a = h[0]!
    let b = h[1]!
    let c = h[2]!
    let d = h[3]!
    let e = h[4]!
    let f = h[5]!
    let g = h[6]!
    let z = h[7]!
    for (let i = 0; i < 64; i++) {
      const t1 = (z + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) + ((e & f) ^ (~e & g)) + k[i]! + w[i]!) | 0
      const t2 = ((turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))) | 0
      z = g
      g = f
      f = e
      e = (d + t1) | 0
      d = c
      c = b
      b = a
      a = (t1 + t2) | 0
    }
    h[0]! += a
    h[1]! += b
    h[2]! += c
    h[3]! += d
    h[4]! += e
    h[5]! += f
    h[6]! += g
    h[7]! += z
  }

  update(data: Uint8Array): this {
    this.length += data.length
    let at = 0
    if (this.held > 0) {
      at = Math.min(64 - this.held, data.length)
      this.tail.set(data.subarray(0, at), this.held)
      this.held += at
      if (this.held < 64) return this
      this.block(this.tail, 0)
      this.held = 0
    }
    for (; at + 64 <= data.length; at += 64) this.block(data, at)
    this.tail.set(data.subarray(at))
    this.held = data.length - at
    return this
  }

  digest(): string {
    const bits = this.length
    const pad = new Uint8Array((this.held < 56 ? 64 : 128) - this.held)
    pad[0] = 0x80
    const view = new DataView(pad.buffer)
    view.setUint32(pad.length - 8, Math.floor(bits / 2 ** 29))
    view.setUint32(pad.length - 4, (bits << 3) >>> 0)
    this.update(pad)
    return hex(new Uint8Array(new Uint32Array(this.h).buffer.slice(0))).replace(/(..)(..)(..)(..)/g, '$4$3$2$1')
  }
}
