/**
 * Fast random numbers for what follows the private part: drawing synthetic rows from a model that is already noisy.
 * Never used for noise. xoshiro128** (Blackman and Vigna 2018), its state from the CSPRNG.
 */
import type { Uniform } from '../privacy/randomness.ts'

export class Stream {
  #a: number
  #b: number
  #c: number
  #d: number

  constructor(u: Uniform) {
    const word = (): number => u.below(0x100000000) | 0
    this.#a = word() | 1
    this.#b = word()
    this.#c = word()
    this.#d = word()
  }

  /** 32 bits as an unsigned integer. */
  word(): number {
    const x = Math.imul(this.#b, 5)
    const out = Math.imul((x << 7) | (x >>> 25), 9)
    const t = this.#b << 9
    this.#c ^= this.#a
    this.#d ^= this.#b
    this.#b ^= this.#c
    this.#a ^= this.#d
    this.#c ^= t
    this.#d = (this.#d << 11) | (this.#d >>> 21)
    return out >>> 0
  }

  /** Uniform in [0, 1), 53 bits. */
  unit(): number {
    return ((this.word() >>> 5) * 0x4000000 + (this.word() >>> 6)) / 0x20000000000000
  }

  /** Uniform over 0..n-1; n up to 2^53. */
  below(n: number): number {
    return n <= 0x10000 ? (((this.word() >>> 0) * n) / 0x100000000) | 0 : Math.floor(this.unit() * n)
  }

  /** Shuffles the range [from, to) in place. */
  shuffle(x: Uint32Array, from = 0, to = x.length): void {
    for (let i = to - 1; i > from; i--) {
      const j = from + this.below(i - from + 1)
      const t = x[i]!
      x[i] = x[j]!
      x[j] = t
    }
  }
}
