/** Draws from bytes that are written down: which are taken, in which order, and which are drawn again. */
import { describe, expect, it } from 'vitest'
import { Uniform } from './randomness.ts'

/** A source that begins with these bytes and goes on with zeros; `fills` counts how often it was asked. */
function source(...bytes: number[]): { uniform: Uniform; fills: () => number } {
  let fills = 0
  const uniform = new Uniform((into) => {
    into.fill(0)
    if (fills === 0) into.set(bytes)
    fills++
  })
  return { uniform, fills: () => fills }
}

describe('uniform draws from known bytes', () => {
  it('a bit is the last of a byte', () => {
    const { uniform } = source(0xfe, 0x01, 0xff, 0x80)
    expect([uniform.bit(), uniform.bit(), uniform.bit(), uniform.bit()]).toEqual([false, true, true, false])
  })
  it('48 bits are six bytes, the largest first', () => {
    const { uniform } = source(1, 2, 3, 4, 5, 6, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff)
    expect(uniform.bits48()).toBe(0x010203040506)
    expect(uniform.bits48()).toBe(2 ** 48 - 1)
  })
  it('up to 255 a byte is enough, and one beyond the last multiple is drawn again', () => {
    expect(source(254, 7).uniform.below(255)).toBe(254)
    expect(source(255, 7).uniform.below(255)).toBe(7)
    expect(source(254).uniform.below(3)).toBe(2)
    expect(source(255, 4).uniform.below(3)).toBe(1)
    expect(source(255).uniform.below(2)).toBe(1)
    expect(source(0xff).uniform.below(1)).toBe(0)
  })
  it('from 256 on it takes four bytes, and from 2^32 on six', () => {
    expect(source(0, 0, 1, 5).uniform.below(256)).toBe(5)
    expect(source(0, 0, 1, 5).uniform.below(257)).toBe(261 % 257)
    expect(source(0xff, 0xff, 0xff, 0xfe).uniform.below(2 ** 32 - 1)).toBe(2 ** 32 - 2)
    expect(source(0xff, 0xff, 0xff, 0xff, 0, 0, 0, 9).uniform.below(2 ** 32 - 1)).toBe(9)
    expect(source(0, 1, 0, 0, 0, 2).uniform.below(2 ** 32)).toBe(2)
    expect(source(0, 1, 0, 0, 0, 2).uniform.below(2 ** 32 + 1)).toBe(1)
    // 2^48 is one more than a multiple of 3 * 2^40 at (2^8 - 1) / 3.
    expect(source(0xfe, 0xff, 0xff, 0xff, 0xff, 0xff).uniform.below(3 * 2 ** 40)).toBe(3 * 2 ** 40 - 1)
    expect(source(0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 8).uniform.below(3 * 2 ** 40)).toBe(8)
  })
  it('large bounds take as many bytes as they have, and draw again beyond the last multiple', () => {
    expect(source(0, 0, 0, 0, 1, 2).uniform.belowBig(2n ** 47n)).toBe(0x0102n)
    expect(source(1, 0, 0, 0, 0, 0, 7).uniform.belowBig(2n ** 48n + 1n)).toBe((1n << 48n) + 7n - (2n ** 48n + 1n))
    const three = 3n * 2n ** 62n
    expect(source(0xbf, ...Array.from({ length: 7 }, () => 0xff)).uniform.belowBig(three)).toBe(three - 1n)
    const beyond = [0xc0, 0, 0, 0, 0, 0, 0, 0]
    expect(source(...beyond, 0, 0, 0, 0, 0, 0, 0, 4).uniform.belowBig(three)).toBe(4n)
  })
  it('asks for bytes when they are used up, not before, and uses each once', () => {
    const { uniform, fills } = source()
    expect(fills()).toBe(0)
    for (let byte = 0; byte < 4096; byte++) uniform.bit()
    expect(fills()).toBe(1)
    uniform.bit()
    expect(fills()).toBe(2)
    // 4,095 bytes are left: 682 draws of six, and three bytes that are not enough for one more.
    for (let draw = 0; draw < 682; draw++) uniform.bits48()
    expect(fills()).toBe(2)
    uniform.bits48()
    expect(fills()).toBe(3)
  })
})
