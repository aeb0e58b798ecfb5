import fc from 'fast-check'
import { CompactEncrypt, compactDecrypt } from 'jose'
import { beforeAll, describe, expect, it } from 'vitest'
import { base64url, fromBase64url } from '../hash.ts'
import {
  importRunKey,
  isAttached,
  openBytes,
  openRecord,
  type Place,
  SealError,
  sealBytes,
  sealRecord,
  wrapRunKey,
} from './sealing.ts'
import { ops } from './records.ts'

const raw = Uint8Array.from({ length: 32 }, (_, i) => i * 7)
const place: Place = { runId: 'run_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', seq: 7, op: 'append', part: 'flanker' }
const random = (n: number): Uint8Array<ArrayBuffer> => crypto.getRandomValues(new Uint8Array(n))
let key: CryptoKey
beforeAll(async () => {
  key = await importRunKey(raw)
})

const seal = (body: unknown, at: Place = place) => sealRecord({ key, ...at, body, iv: random(12) })
const refused = async (jwe: string, at: Place = place, runKey = key) =>
  expect(
    await openRecord(runKey, jwe, at).then(
      () => 'opened',
      (e: unknown) => (e instanceof SealError ? e.reason : e),
    ),
  ).toMatch(/^(malformed|altered|misplaced|unsupported)$/)

describe('a sealed record', () => {
  it('opens to the body that was sealed, whatever JSON it is', () =>
    fc.assert(
      fc.asyncProperty(
        fc.jsonValue(),
        fc.integer({ min: 1, max: 1e7 }),
        fc.constantFrom(...ops),
        async (body, seq, op) => {
          const at = { ...place, seq, op }
          expect(await openRecord(key, await seal(body, at), at)).toEqual(JSON.parse(JSON.stringify(body)))
        },
      ),
    ))
  it('carries unicode, lone surrogates and large bodies', async () => {
    const body = {
      word: 'Ünïcödé 🧠 漢字',
      lone: '\ud800',
      rows: Array.from({ length: 5000 }, (_, i) => ({ i, rt: i / 3 })),
    }
    expect(await openRecord(key, await seal(body), place)).toEqual(body)
  })
  it('is deflated: 100 trials take a small part of their JSON', async () => {
    const rows = Array.from({ length: 100 }, (_, row) => ({
      trial_type: 'html-keyboard-response',
      stimulus: '<p>&lt;&lt;&gt;&lt;&lt;</p>',
      rt: 400 + row,
      correct: true,
    }))
    expect((await seal(rows)).length).toBeLessThan(JSON.stringify(rows).length / 4)
  })
  it('is refused after a change of any character', () =>
    fc.assert(
      fc.asyncProperty(fc.nat(), fc.nat({ max: 63 }), async (where, to) => {
        const jwe = await seal({ answer: 42, text: 'something' })
        const at = where % jwe.length
        const character = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'[to]!
        if (jwe[at] === character) return
        await refused(jwe.slice(0, at) + character + jwe.slice(at + 1))
      }),
      { numRuns: 300 },
    ))
  it('is refused in every other place than its own', async () => {
    const jwe = await seal(1)
    for (const other of [
      { ...place, seq: 8 },
      { ...place, runId: `${place.runId}b` },
      { ...place, op: 'replace' as const },
      { ...place, part: 'other' },
    ]) {
      await expect(openRecord(key, jwe, other)).rejects.toMatchObject({ name: 'SealError', reason: 'misplaced' })
    }
  })
  it('is refused when a header is swapped for one that names the expected place', async () => {
    const [, ...rest] = (await seal(1)).split('.')
    const [head] = (await seal(2, { ...place, seq: 8 })).split('.')
    await expect(openRecord(key, [head, ...rest].join('.'), { ...place, seq: 8 })).rejects.toMatchObject({
      reason: 'altered',
    })
  })
  it('does not open under another run key', async () => refused(await seal(1), place, await importRunKey(random(32))))
  it('refuses headers that ask for something else', async () => {
    const [, ...rest] = (await seal(1)).split('.')
    for (const change of [{ alg: 'RSA-OAEP' }, { enc: 'A128GCM' }, { zip: 'GZIP' }, { crit: ['x'] }]) {
      const head = base64url(
        new TextEncoder().encode(
          JSON.stringify({
            alg: 'dir',
            enc: 'A256GCM',
            run: place.runId,
            seq: 7,
            op: 'append',
            part: 'flanker',
            ...change,
          }),
        ),
      )
      await expect(openRecord(key, [head, ...rest].join('.'), place)).rejects.toMatchObject({ reason: 'unsupported' })
    }
  })
  it('refuses what is not a JWE', () =>
    fc.assert(
      fc.asyncProperty(fc.string(), async (anything) => {
        await refused(anything)
      }),
    ))
  it('takes no body that JSON cannot carry, no short iv, no short key', async () => {
    await expect(seal(undefined)).rejects.toThrow(TypeError)
    await expect(sealRecord({ key, ...place, body: 1, iv: random(8) })).rejects.toThrow(RangeError)
    expect(() => importRunKey(random(16))).toThrow(RangeError)
  })
})

describe('with the jose package', () => {
  it('jose opens what we seal', async () => {
    const { plaintext, protectedHeader } = await compactDecrypt(await seal({ a: 'ü' }), raw)
    expect(JSON.parse(new TextDecoder().decode(plaintext))).toEqual({ a: 'ü' })
    expect(protectedHeader).toMatchObject({
      alg: 'dir',
      enc: 'A256GCM',
      zip: 'DEF',
      run: place.runId,
      seq: 7,
      op: 'append',
      part: 'flanker',
    })
  })
  it('we open what jose seals, deflated or not', async () => {
    for (const zip of [{}, { zip: 'DEF' }]) {
      const jwe = await new CompactEncrypt(new TextEncoder().encode('{"b":[1,"é"]}'))
        .setProtectedHeader({
          alg: 'dir',
          enc: 'A256GCM',
          ...zip,
          run: place.runId,
          seq: 7,
          op: 'append',
          part: 'flanker',
        })
        .encrypt(raw)
      expect(await openRecord(key, jwe, place)).toEqual({ b: [1, 'é'] })
    }
  })
})

describe('sealed bytes', () => {
  const at = { runId: place.runId, seq: 3 }
  it('open to what was sealed', () =>
    fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 4000 }), async (bytes) => {
        expect([...(await openBytes(key, await sealBytes(key, bytes, at, random(12)), at))]).toEqual([...bytes])
      }),
    ))
  it('are refused after a change of any byte, cut short, or at another seq', () =>
    fc.assert(
      fc.asyncProperty(fc.nat(), fc.integer({ min: 1, max: 255 }), async (where, flip) => {
        const sealed = await sealBytes(key, new TextEncoder().encode('a recording'), at, random(12))
        await expect(openBytes(key, sealed, { ...at, seq: 4 })).rejects.toMatchObject({ reason: 'altered' })
        await expect(openBytes(key, sealed.subarray(0, 20), at)).rejects.toMatchObject({ reason: 'malformed' })
        sealed[where % sealed.length]! ^= flip
        await expect(openBytes(key, sealed, at)).rejects.toMatchObject({ reason: 'altered' })
      }),
    ))
})

describe('a run key', () => {
  it('is wrapped so that only the private key opens it', async () => {
    const pair = await crypto.subtle.generateKey(
      { name: 'RSA-OAEP', modulusLength: 3072, publicExponent: new Uint8Array([1, 0, 1]), hash: 'SHA-256' },
      true,
      ['encrypt', 'decrypt'],
    )
    const jwk = await crypto.subtle.exportKey('jwk', pair.publicKey)
    const wrapped = await wrapRunKey(raw, jwk)
    expect(
      new Uint8Array(await crypto.subtle.decrypt({ name: 'RSA-OAEP' }, pair.privateKey, fromBase64url(wrapped))),
    ).toEqual(raw)
  })
  it('opens as raw bytes what it sealed as a key, and the other way round', async () => {
    expect(await openRecord(raw, await seal('x'), place)).toBe('x')
    expect(await openRecord(key, await sealRecord({ key: raw, ...place, body: 'y', iv: random(12) }), place)).toBe('y')
    expect([...(await openBytes(raw, await sealBytes(key, raw, place, random(12)), place))]).toEqual([...raw])
  })
  it('cannot be exported from the key that seals', async () =>
    expect(crypto.subtle.exportKey('raw', key)).rejects.toThrow('not extractable'))
})

it('an attached body is told from an ordinary one', () => {
  expect(
    isAttached({ attached: { name: 'a.wav', type: 'audio/wav', size: 1, sha256: '0'.repeat(64), json: false } }),
  ).toBe(true)
  for (const body of [null, 1, 'attached', { attached: null }, { a: 1 }, []]) expect(isAttached(body)).toBe(false)
})
