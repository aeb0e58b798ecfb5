/** Chance from a seed: the same everywhere, and as much as is wanted. */

/** A number of 32 bits that stands for a text. */
export function textHash(text: string, from = 0x811c9dc5): number {
  let hash = from
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  hash ^= hash >>> 16
  hash = Math.imul(hash, 0x7feb352d)
  hash ^= hash >>> 15
  return hash >>> 0
}

/** A stream of chance (sfc32). Streams of different names have nothing to do with each other. */
export class Chance {
  #one: number
  #two: number
  #three: number
  #count = 1
  readonly #seed: number
  readonly #name: string

  constructor(seed: number, name: string) {
    this.#seed = seed
    this.#name = name
    this.#one = textHash(name, seed >>> 0)
    this.#two = textHash(name, this.#one ^ 0x9e3779b9)
    this.#three = textHash(name, this.#two ^ seed)
    for (let i = 0; i < 12; i++) this.whole()
  }

  /** 32 bits. */
  whole(): number {
    const sum = (this.#one + this.#two + this.#count++) | 0
    this.#one = this.#two ^ (this.#two >>> 9)
    this.#two = (this.#three + (this.#three << 3)) | 0
    this.#three = (((this.#three << 21) | (this.#three >>> 11)) + sum) | 0
    return sum >>> 0
  }

  /** From 0 up to 1. */
  fraction(): number {
    return this.whole() / 2 ** 32
  }

  /** Whether something of this probability happens. */
  happens(probability: number): boolean {
    return this.fraction() < probability
  }

  /** A whole number from `least` to `most`, both included. */
  between(least: number, most: number): number {
    return least + (this.whole() % (most - least + 1))
  }

  /** One of these. */
  of<T>(all: readonly T[]): T {
    return all[this.whole() % all.length]!
  }

  bytes(count: number): Uint8Array<ArrayBuffer> {
    const out = new Uint8Array(count)
    for (let i = 0; i < count; i++) out[i] = this.whole() & 255
    return out
  }

  /** As an id that clients make. */
  uuid(): string {
    const bytes = Buffer.from(this.bytes(16))
    bytes[6] = (bytes[6]! & 15) | 64
    bytes[8] = (bytes[8]! & 63) | 128
    return bytes.toString('hex').replace(/(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
  }

  /** A stream of its own for something that belongs to this one. */
  sub(name: string): Chance {
    return new Chance(this.#seed, `${this.#name}/${name}`)
  }
}
