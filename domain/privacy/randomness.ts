/** Uniform integers from random bytes that are handed in: the only source the noise draws from. */

/**
 * Fills an array with random bytes: a CSPRNG in production (`crypto.getRandomValues`), a fixed stream in a test of
 * distribution.
 */
export type FillRandom = (bytes: Uint8Array<ArrayBuffer>) => void

/** Bytes that are asked for at a time. */
const chunk = 4096

/** Exact uniform draws by rejection, from a buffered byte source. Not safe to share between threads. */
export class Uniform {
  readonly #fill: FillRandom
  readonly #bytes = new Uint8Array(chunk)
  readonly #view = new DataView(this.#bytes.buffer)
  #at = chunk

  constructor(fill: FillRandom) {
    this.#fill = fill
  }

  /** Where the next `count` unused bytes begin. */
  #take(count: number): number {
    if (this.#at + count > chunk) {
      this.#fill(this.#bytes)
      this.#at = 0
    }
    const at = this.#at
    this.#at += count
    return at
  }

  #bits8(): number {
    return this.#bytes[this.#take(1)]!
  }
  #bits32(): number {
    return this.#view.getUint32(this.#take(4))
  }

  /** 48 uniform bits as a safe integer. */
  bits48(): number {
    const at = this.#take(6)
    return this.#view.getUint32(at) * 0x10000 + this.#view.getUint16(at + 4)
  }

  bit(): boolean {
    return (this.#bits8() & 1) === 1
  }

  /** Uniform over 0..count-1; `count` is an integer from 1 to 2^47. */
  below(count: number): number {
    if (count <= 0xff) return this.#below8(count)
    return count <= 0xffffffff ? this.#below32(count) : this.#below48(count)
  }
  // Draws beyond the last multiple of `count` are drawn again. Three loops, as a function that draws would cost as much
  // as the draw.
  #below8(count: number): number {
    const limit = 2 ** 8 - (2 ** 8 % count)
    for (;;) {
      const drawn = this.#bits8()
      if (drawn < limit) return drawn % count
    }
  }
  #below32(count: number): number {
    const limit = 2 ** 32 - (2 ** 32 % count)
    for (;;) {
      const drawn = this.#bits32()
      if (drawn < limit) return drawn % count
    }
  }
  #below48(count: number): number {
    const limit = 2 ** 48 - (2 ** 48 % count)
    for (;;) {
      const drawn = this.bits48()
      if (drawn < limit) return drawn % count
    }
  }

  /** Uniform over 0..count-1 for any `count` of at least 1. */
  belowBig(count: bigint): bigint {
    if (count <= 2n ** 47n) return BigInt(this.below(Number(count)))
    const bytes = (count.toString(2).length + 7) >> 3
    const range = 1n << BigInt(8 * bytes)
    const limit = range - (range % count)
    for (;;) {
      let drawn = 0n
      for (let byte = 0; byte < bytes; byte++) drawn = (drawn << 8n) | BigInt(this.#bits8())
      if (drawn < limit) return drawn % count
    }
  }
}
