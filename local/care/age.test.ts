import { Decrypter, Encrypter } from 'age-encryption'
import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { decrypted, encrypted, NotOpened } from './age.ts'

/** Cheap to guess, and so quick. */
const work = 10
const passphrase = 'correct horse battery staple'
async function* inPieces(bytes: Uint8Array, size = 1000): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}
async function all(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = []
  for await (const part of source) parts.push(part)
  return Buffer.concat(parts)
}
const sealed = (bytes: Uint8Array): Promise<Buffer> => all(encrypted(inPieces(bytes), passphrase, work))
const fault = (bytes: Uint8Array, said = passphrase): Promise<string> =>
  all(decrypted(inPieces(bytes, 777), said)).then(
    () => 'opened',
    (e: unknown) => (e instanceof NotOpened ? e.why : String(e)),
  )

describe('age files', () => {
  it.each([0, 1, 65_535, 65_536, 65_537, 131_072, 200_000])(
    'of %i bytes are read by another implementation, and read what it has written',
    async (size) => {
      const bytes = randomBytes(size)
      const theirs = new Decrypter()
      theirs.addPassphrase(passphrase)
      expect(Buffer.compare(Buffer.from(await theirs.decrypt(await sealed(bytes))), bytes)).toBe(0)
      const written = new Encrypter()
      written.setPassphrase(passphrase)
      written.setScryptWorkFactor(work)
      const back = await all(decrypted(inPieces(await written.encrypt(bytes)), passphrase))
      expect(Buffer.compare(back, bytes)).toBe(0)
    },
  )
  it('are opened by their passphrase alone', async () => {
    expect(await fault(await sealed(randomBytes(10)), 'another')).toBe('passphrase')
  })
  it('that were cut anywhere, lengthened, or changed in any bit, are not taken', async () => {
    const whole = await sealed(randomBytes(150_000))
    const body = whole.indexOf('\n--- ') + 5
    for (const length of [0, 10, body, body + 60, 65_000, whole.length - 65_600, whole.length - 1])
      expect(await fault(whole.subarray(0, length)), `cut at ${length}`).not.toBe('opened')
    expect(await fault(Buffer.concat([whole, Buffer.from('x')]))).toBe('damaged')
    for (const at of [0, 25, 40, 80, body, body + 44, body + 50, 70_000, whole.length - 1]) {
      const changed = Buffer.from(whole)
      changed[at]! ^= 1
      expect(await fault(changed), `bit at ${at}`).not.toBe('opened')
    }
  })
  it('whose pieces change places are not taken', async () => {
    const whole = await sealed(randomBytes(200_000))
    const start = whole.length - 200_000 - 4 * 16
    const [one, two] = [0, 1].map((n) => whole.subarray(start + n * 65_552, start + (n + 1) * 65_552))
    const swapped = Buffer.concat([whole.subarray(0, start), two!, one!, whole.subarray(start + 2 * 65_552)])
    expect([await fault(whole), await fault(swapped)]).toEqual(['opened', 'damaged'])
  })
  it('that ask for more memory than there may be are refused', async () => {
    const whole = (await sealed(randomBytes(1))).toString('latin1')
    expect(await fault(Buffer.from(whole.replace(` ${work}\n`, ' 30\n'), 'latin1'))).toBe('format')
  })
})
