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

describe('what is no sealed record', () => {
  const parts = async (): Promise<string[]> => (await seal(1)).split('.')
  const reasonOf = (jwe: string): Promise<string> =>
    openRecord(key, jwe, place).then(
      () => 'opened',
      (e: unknown) => `${(e as SealError).reason}: ${(e as SealError).message}`,
    )
  const header = (said: unknown): string => base64url(new TextEncoder().encode(JSON.stringify(said)))
  const whole = { alg: 'dir', enc: 'A256GCM', run: place.runId, seq: 7, op: 'append', part: 'flanker' }

  it.each([
    ['a part too few', (all: string[]) => all.slice(0, 4)],
    ['a part too many', (all: string[]) => [...all, '']],
    ['no header', (all: string[]) => all.with(0, '')],
    ['a wrapped key', (all: string[]) => all.with(1, 'AAAA')],
  ])('is malformed: %s', async (_, change) => {
    expect(await reasonOf(change(await parts()).join('.'))).toBe('malformed: Not a compact JWE with a direct key')
  })
  it.each([
    ['iv', 2, 11],
    ['iv', 2, 13],
    ['tag', 4, 15],
    ['tag', 4, 17],
  ])('is malformed: the %s in part %i has %i bytes', async (_, part, bytes) => {
    const jwe = (await parts()).with(part, base64url(new Uint8Array(bytes))).join('.')
    expect(await reasonOf(jwe)).toBe('malformed: iv or tag has the wrong length')
  })
  it('is malformed: a part that is not base64url, or not its one spelling', async () => {
    expect(await reasonOf((await parts()).with(2, '*').join('.'))).toBe('malformed: Not base64url')
    // Two bits are left over of the last character.
    expect(await reasonOf((await parts()).with(3, 'AAB').join('.'))).toBe('malformed: Not canonical base64url')
  })
  it.each([
    null,
    5,
    'text',
    { ...whole, run: 5 },
    { ...whole, seq: '7' },
    { ...whole, part: undefined },
    { ...whole, op: 'other' },
  ])('is malformed: the header %j', async (said) => {
    expect(await reasonOf((await parts()).with(0, header(said)).join('.'))).toBe(
      'malformed: The header does not name run, seq, op and part',
    )
  })
  it('is malformed: a header that is no JSON', async () => {
    for (const bytes of [new TextEncoder().encode('{'), Uint8Array.of(0x22, 0xff, 0x22)])
      expect(await reasonOf((await parts()).with(0, base64url(bytes)).join('.'))).toBe(
        'malformed: The header is not JSON',
      )
  })
  it('is malformed: what opens and holds no JSON, or does not inflate', async () => {
    const sealed = async (said: object, plain: Uint8Array<ArrayBuffer>): Promise<string> => {
      const [head, nonce] = [header(said), random(12)]
      const additionalData = new TextEncoder().encode(head)
      const bytes = new Uint8Array(
        await crypto.subtle.encrypt({ name: 'AES-GCM', iv: nonce, additionalData }, key, plain),
      )
      return [head, '', ...[nonce, bytes.subarray(0, -16), bytes.subarray(-16)].map((part) => base64url(part))].join(
        '.',
      )
    }
    const json = new TextEncoder().encode('1')
    expect(await reasonOf(await sealed(whole, json))).toBe('opened')
    expect(await reasonOf(await sealed({ ...whole, zip: 'DEF' }, json))).toBe('malformed: Record 7 does not hold JSON')
    for (const plain of [new TextEncoder().encode('{'), Uint8Array.of(0x22, 0xff, 0x22)])
      expect(await reasonOf(await sealed(whole, plain))).toBe('malformed: Record 7 does not hold JSON')
  })
})

it('nothing is sealed under an iv or a key of another length, and no body that JSON cannot carry', async () => {
  for (const length of [11, 13]) {
    await expect(sealRecord({ key, ...place, body: 1, iv: random(length) })).rejects.toThrow(RangeError)
    await expect(sealBytes(key, raw, place, random(length))).rejects.toThrow(RangeError)
  }
  for (const length of [31, 33]) expect(() => importRunKey(random(length))).toThrow(RangeError)
  await expect(seal(undefined)).rejects.toThrow(TypeError)
})

it('sealed bytes are at least an iv and a tag', async () => {
  await expect(openBytes(key, new Uint8Array(27), place)).rejects.toMatchObject({ reason: 'malformed' })
  await expect(openBytes(key, new Uint8Array(28), place)).rejects.toMatchObject({ reason: 'altered' })
  expect(await openBytes(key, await sealBytes(key, new Uint8Array(0), place, random(12)), place)).toHaveLength(0)
})
