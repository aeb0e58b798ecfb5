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

  constructor(random: Uniform) {
    const word = (): number => random.below(0x100000000) | 0
    this.#a = word() | 1
    this.#b = word()
    this.#c = word()
    this.#d = word()
  }

  /** 32 bits as an unsigned integer. */
  word(): number {
    const product = Math.imul(this.#b, 5)
    const out = Math.imul((product << 7) | (product >>> 25), 9)
    const shifted = this.#b << 9
    this.#c ^= this.#a
    this.#d ^= this.#b
    this.#b ^= this.#c
    this.#a ^= this.#d
    this.#c ^= shifted
    this.#d = (this.#d << 11) | (this.#d >>> 21)
    return out >>> 0
  }

  /** Uniform in [0, 1), 53 bits. */
  unit(): number {
    return ((this.word() >>> 5) * 0x4000000 + (this.word() >>> 6)) / 0x20000000000000
  }

  /** Uniform over 0..count-1; count up to 2^53. */
  below(count: number): number {
    return count <= 0x10000 ? (((this.word() >>> 0) * count) / 0x100000000) | 0 : Math.floor(this.unit() * count)
  }

  /** Shuffles the range [from, to) in place. */
  shuffle(items: Uint32Array, from = 0, to = items.length): void {
    for (let i = to - 1; i > from; i--) {
      const other = from + this.below(i - from + 1)
      const swapped = items[i]!
      items[i] = items[other]!
      items[other] = swapped
    }
  }
}
