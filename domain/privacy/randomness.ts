/** Uniform integers from random bytes that are handed in: the only source the noise draws from. */

/**
 * Fills an array with random bytes: a CSPRNG in production (`crypto.getRandomValues`), a fixed stream in a test of
 * distribution.
 */
export type FillRandom = (bytes: Uint8Array<ArrayBuffer>) => void

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

  #take(n: number): number {
    if (this.#at + n > chunk) {
      this.#fill(this.#bytes)
      this.#at = 0
    }
    const at = this.#at
    this.#at += n
    return at
  }

  /** 48 uniform bits as a safe integer. */
  bits48(): number {
    const at = this.#take(6)
    return this.#view.getUint32(at) * 0x10000 + this.#view.getUint16(at + 4)
  }

  bit(): boolean {
    return (this.#bytes[this.#take(1)]! & 1) === 1
  }

  /** Uniform over 0..n-1; n is an integer from 1 to 2^47. */
  below(n: number): number {
    if (n <= 0xff) {
      const limit = 0x100 - (0x100 % n)
      for (;;) {
        const x = this.#bytes[this.#take(1)]!
        if (x < limit) return x % n
      }
    }
    if (n <= 0xffffffff) {
      const limit = 0x100000000 - (0x100000000 % n)
      for (;;) {
        const x = this.#view.getUint32(this.#take(4))
        if (x < limit) return x % n
      }
    }
    const limit = 2 ** 48 - (2 ** 48 % n)
    for (;;) {
      const x = this.bits48()
      if (x < limit) return x % n
    }
  }

  /** Uniform over 0..n-1 for any n >= 1. */
  belowBig(n: bigint): bigint {
    if (n <= 0x800000000000n) return BigInt(this.below(Number(n)))
    const bytes = (n.toString(2).length + 7) >> 3
    const limit = (1n << BigInt(8 * bytes)) - ((1n << BigInt(8 * bytes)) % n)
    for (;;) {
      let x = 0n
      for (let i = 0; i < bytes; i++) x = (x << 8n) | BigInt(this.#bytes[this.#take(1)]!)
      if (x < limit) return x % n
    }
  }
}
