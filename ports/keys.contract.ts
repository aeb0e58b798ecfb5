/** What every key store must do. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { KeyMissing, type Keys, type PublicKey, UnwrapFailed } from './keys.ts'

const wrap = async ({ jwk }: PublicKey, bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> => {
  const key = await crypto.subtle.importKey(
    'jwk',
    { ...jwk, ext: true },
    { name: 'RSA-OAEP', hash: 'SHA-256' },
    false,
    ['encrypt'],
  )
  return new Uint8Array(await crypto.subtle.encrypt('RSA-OAEP', key, bytes))
}

/** Runs the suite. `missing` are ids that are no key pair of this installation, in the store's own form. */
export function keysContract(
  name: string,
  open: () => Promise<{ keys: Keys; missing: string[]; close(): Promise<void> }>,
): void {
  describe(`keys: ${name}`, () => {
    let keys: Keys
    let missing: string[]
    let close: () => Promise<void>
    let kid: string
    const runKey = crypto.getRandomValues(new Uint8Array(32))
    beforeAll(async () => {
      ;({ keys, missing, close } = await open())
      kid = await keys.createKey('org_a')
    })
    afterAll(async () => {
      await close()
    })

    it('gives an organisation one pair, however often and however concurrently it is asked', async () => {
      const ids = await Promise.all(Array.from({ length: 5 }, () => keys.createKey('org_b')))
      expect(new Set(ids).size).toBe(1)
      expect(await keys.createKey('org_b')).toBe(ids[0])
      expect(ids[0]).not.toBe(kid)
    })
    it('shows a 3072-bit public key in the form a browser imports', async () => {
      const key = await keys.publicKey(kid)
      expect(key).toEqual({ kid, jwk: { kty: 'RSA', n: expect.any(String) as string, e: 'AQAB', alg: 'RSA-OAEP-256' } })
      expect(Buffer.from(key.jwk.n, 'base64url')).toHaveLength(384)
      expect(await keys.publicKey(kid)).toEqual(key)
    })
    it('unwraps what WebCrypto wrapped', async () =>
      expect(new Uint8Array(await keys.unwrap(kid, await wrap(await keys.publicKey(kid), runKey)))).toEqual(runKey))
    it('does not unwrap with another organisation’s pair', async () => {
      const wrapped = await wrap(await keys.publicKey(kid), runKey)
      await expect(keys.unwrap(await keys.createKey('org_b'), wrapped)).rejects.toThrow(UnwrapFailed)
    })
    it('does not unwrap altered, short, long or empty bytes', async () => {
      const wrapped = await wrap(await keys.publicKey(kid), runKey)
      const altered = wrapped.slice()
      altered[100]! ^= 1
      for (const bad of [
        altered,
        wrapped.slice(1),
        new Uint8Array([...wrapped, 0]),
        new Uint8Array(0),
        new Uint8Array(384),
      ])
        await expect(keys.unwrap(kid, bad)).rejects.toThrow(UnwrapFailed)
    })
    it('says which key is missing, and never by a prototype’s name', async () => {
      const wrapped = await wrap(await keys.publicKey(kid), runKey)
      for (const id of [...missing, '', 'constructor', '__proto__', '../x']) {
        await expect(keys.publicKey(id), id).rejects.toThrow(KeyMissing)
        await expect(keys.unwrap(id, wrapped), id).rejects.toThrow(KeyMissing)
      }
    })
    it('MACs alike for alike, and differently for another purpose or message', async () => {
      const mac = await keys.mac('pseudonym', 'x')
      expect(mac).toHaveLength(32)
      expect(await keys.mac('pseudonym', 'x')).toEqual(mac)
      const others = await Promise.all([
        keys.mac('run-token', 'x'),
        keys.mac('withdrawal', 'x'),
        keys.mac('pseudonym', 'y'),
        keys.mac('pseudonym', ''),
        keys.mac('pseudonym', '\0x'),
        keys.mac('pseudonym', 'ü'.repeat(10_000)),
      ])
      expect(new Set([mac, ...others].map((m) => Buffer.from(m).toString('hex'))).size).toBe(7)
    })
  })
}
