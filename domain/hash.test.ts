import { createHash } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { base32, base64url, canonical, fromBase64url, hex, sha256Hex } from './hash.ts'

function shuffled(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shuffled)
  if (typeof value !== 'object' || value === null) return value
  const members = Object.entries(value).map(([key, member]) => [key, shuffled(member)])
  return Object.fromEntries(members.reverse())
}
const json = fc.jsonValue({ maxDepth: 4 }).filter((v) => !JSON.stringify(v).includes('__proto__'))

describe('canonical JSON', () => {
  it('reads back as the same value', () =>
    fc.assert(
      fc.property(json, (value) => {
        expect(JSON.parse(canonical(value))).toEqual(JSON.parse(JSON.stringify(value)))
      }),
    ))
  it('is the same whatever the order of members', () =>
    fc.assert(
      fc.property(json, (value) => {
        expect(canonical(shuffled(value))).toBe(canonical(value))
      }),
    ))
  it('tells different values apart', () =>
    fc.assert(
      fc.property(json, json, (left, right) => {
        const [plainA, plainB] = [left, right].map((value) => JSON.parse(JSON.stringify(value)) as unknown)
        expect(canonical(left) === canonical(right)).toBe(isDeepStrictEqual(plainA, plainB))
      }),
    ))
  it('is exactly this', () =>
    expect(canonical({ b: [1, 'ü', null, undefined], a: { z: undefined, y: -0.5 }, 10: true })).toBe(
      '{"10":true,"a":{"y":-0.5},"b":[1,"ü",null,null]}',
    ))
  it('refuses what JSON cannot carry', () => {
    for (const value of [Number.NaN, Infinity, 1n, Symbol('x'), () => 1, { x: -Infinity }])
      expect(() => canonical(value)).toThrow('canonical JSON')
  })
})

describe('encodings', () => {
  const bytes = fc.uint8Array({ maxLength: 200 })
  it('SHA-256 is that of the platform', () =>
    fc.assert(
      fc.asyncProperty(fc.oneof(bytes, fc.string({ unit: 'binary' })), async (data) => {
        expect(await sha256Hex(data)).toBe(
          createHash('sha256')
            .update(typeof data === 'string' ? new TextEncoder().encode(data) : data)
            .digest('hex'),
        )
      }),
    ))
  it('base64url reads back, without padding', () =>
    fc.assert(
      fc.property(bytes, (data) => {
        expect(base64url(data)).toBe(Buffer.from(data).toString('base64url'))
        expect(fromBase64url(base64url(data))).toEqual(new Uint8Array(data))
      }),
    ))
  it('base64url takes a megabyte and refuses nonsense', () => {
    const big = new Uint8Array(1 << 20).fill(251)
    expect(fromBase64url(base64url(big))).toEqual(big)
    expect(() => fromBase64url('ä')).toThrow('Invalid character')
  })
  it('hex is lower case and two digits a byte', () =>
    fc.assert(
      fc.property(bytes, (data) => {
        expect(hex(data)).toBe(Buffer.from(data).toString('hex'))
      }),
    ))
  it('base32 is RFC 4648 in lower case', () => {
    for (const [text, encoded] of [
      ['', ''],
      ['f', 'my'],
      ['fo', 'mzxq'],
      ['foo', 'mzxw6'],
      ['foob', 'mzxw6yq'],
      ['fooba', 'mzxw6ytb'],
      ['foobar', 'mzxw6ytboi'],
    ] as const)
      expect(base32(new TextEncoder().encode(text))).toBe(encoded)
  })
  it('base32 tells bytes of one length apart', () =>
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 20, maxLength: 20 }),
        fc.uint8Array({ minLength: 20, maxLength: 20 }),
        (one, other) => {
          expect(base32(one)).toMatch(/^[a-z2-7]{32}$/)
          expect(base32(one) === base32(other)).toBe(hex(one) === hex(other))
        },
      ),
    ))
})
