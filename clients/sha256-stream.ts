/** SHA-256 in pieces, for files too large to hold in memory at once (Web Crypto takes the whole message or nothing). */
import { hex } from '../domain/hash.ts'

const constants = new Uint32Array(64)
const start = new Uint32Array(8)
{
  // The constants are the first 32 bits of the fractional parts of cube and square roots of the first primes (FIPS
  // 180-4, sections 4.2.2 and 5.3.3).
  const fraction = (root: number): number => Math.floor((root - Math.floor(root)) * 2 ** 32)
  const isPrime = (number: number): boolean => {
    for (let divisor = 2; divisor * divisor <= number; divisor++) if (number % divisor === 0) return false
    return true
  }
  for (let number = 2, found = 0; found < 64; number++) {
    if (!isPrime(number)) continue
    if (found < 8) start[found] = fraction(Math.sqrt(number))
    constants[found++] = fraction(Math.cbrt(number))
  }
}

/** A word of 32 bits turned to the right. */
const turn = (word: number, bits: number): number => (word >>> bits) | (word << (32 - bits))

/**
 * `update` with any number of pieces, then `digest` once: 64 lower-case hex digits. Names are those of FIPS 180-4,
 * section 6.2.2, written out: the hash value H, the message schedule W, the working variables a to h.
 */
export class Sha256Stream {
  private readonly hash = start.slice()
  private readonly schedule = new Uint32Array(64)
  private readonly tail = new Uint8Array(64)
  private held = 0
  private length = 0

  private block(data: Uint8Array, at: number): void {
    const { hash, schedule } = this
    for (let i = 0; i < 16; i++) {
      const from = at + 4 * i
      schedule[i] = (data[from]! << 24) | (data[from + 1]! << 16) | (data[from + 2]! << 8) | data[from + 3]!
    }
    for (let i = 16; i < 64; i++) {
      const early = schedule[i - 15]!
      const late = schedule[i - 2]!
      const sigma0 = turn(early, 7) ^ turn(early, 18) ^ (early >>> 3)
      const sigma1 = turn(late, 17) ^ turn(late, 19) ^ (late >>> 10)
      schedule[i] = schedule[i - 16]! + sigma0 + schedule[i - 7]! + sigma1
    }
    let wordA = hash[0]!
    let wordB = hash[1]!
    let wordC = hash[2]!
    let wordD = hash[3]!
    let wordE = hash[4]!
    let wordF = hash[5]!
    let wordG = hash[6]!
    let wordH = hash[7]!
    for (let i = 0; i < 64; i++) {
      const choice = (wordE & wordF) ^ (~wordE & wordG)
      const majority = (wordA & wordB) ^ (wordA & wordC) ^ (wordB & wordC)
      const sigma0 = turn(wordA, 2) ^ turn(wordA, 13) ^ turn(wordA, 22)
      const sigma1 = turn(wordE, 6) ^ turn(wordE, 11) ^ turn(wordE, 25)
      const temporary1 = (wordH + sigma1 + choice + constants[i]! + schedule[i]!) | 0
      const temporary2 = (sigma0 + majority) | 0
      wordH = wordG
      wordG = wordF
      wordF = wordE
      wordE = (wordD + temporary1) | 0
      wordD = wordC
      wordC = wordB
      wordB = wordA
      wordA = (temporary1 + temporary2) | 0
    }
    hash[0]! += wordA
    hash[1]! += wordB
    hash[2]! += wordC
    hash[3]! += wordD
    hash[4]! += wordE
    hash[5]! += wordF
    hash[6]! += wordG
    hash[7]! += wordH
  }

  /** Takes the next bytes. */
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

  /** The hash of all bytes so far, after which nothing may be added. */
  digest(): string {
    const bytes = this.length
    const pad = new Uint8Array((this.held < 56 ? 64 : 128) - this.held)
    pad[0] = 0x80
    const view = new DataView(pad.buffer)
    view.setUint32(pad.length - 8, Math.floor(bytes / 2 ** 29))
    view.setUint32(pad.length - 4, (bytes << 3) >>> 0)
    this.update(pad)
    return hex(new Uint8Array(new Uint32Array(this.hash).buffer.slice(0))).replace(/(..)(..)(..)(..)/g, '$4$3$2$1')
  }
}
