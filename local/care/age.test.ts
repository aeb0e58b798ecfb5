import { Decrypter, Encrypter, generateX25519Identity, identityToRecipient } from 'age-encryption'
import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { decrypted, encrypted, newFileKey } from './age.ts'
import { NotOpened, recipientKey } from './age-keys.ts'

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
const sealed = (bytes: Uint8Array): Promise<Buffer> => all(encrypted(inPieces(bytes), { passphrase, work }))
const fault = (bytes: Uint8Array, said = passphrase): Promise<string> =>
  all(decrypted(inPieces(bytes, 777), { passphrase: said })).then(
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
      const back = await all(decrypted(inPieces(await written.encrypt(bytes)), { passphrase }))
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

describe('age files for recipients', () => {
  const people = async (count: number): Promise<{ identity: string; recipient: string }[]> =>
    Promise.all(
      Array.from({ length: count }, async () => {
        const identity = await generateX25519Identity()
        return { identity, recipient: await identityToRecipient(identity) }
      }),
    )
  const why = (bytes: Uint8Array, opener: Parameters<typeof decrypted>[1]): Promise<string> =>
    all(decrypted(inPieces(bytes, 777), opener)).then(
      () => 'opened',
      (e: unknown) => (e instanceof NotOpened ? e.why : String(e)),
    )

  it.each([1, 3, 20])('are opened by each of %i, here and by another implementation, both ways', async (count) => {
    const all_ = await people(count)
    const recipients = all_.map(({ recipient }) => recipient)
    const bytes = randomBytes(70_000)
    const ours = await all(encrypted(inPieces(bytes), { recipients }))
    const written = new Encrypter()
    for (const recipient of recipients) written.addRecipient(recipient)
    const theirs = await written.encrypt(bytes)
    for (const { identity } of all_) {
      const reader = new Decrypter()
      reader.addIdentity(identity)
      expect(Buffer.compare(Buffer.from(await reader.decrypt(ours)), bytes)).toBe(0)
      for (const file of [ours, theirs])
        expect(Buffer.compare(await all(decrypted(inPieces(file), { identities: [identity] })), bytes)).toBe(0)
    }
  })
  it('are opened by nobody else, and say what would open them', async () => {
    const [mine, other] = (await people(2)) as [{ identity: string; recipient: string }, { identity: string }]
    const file = await all(encrypted(inPieces(randomBytes(10)), { recipients: [mine.recipient] }))
    expect(await why(file, { identities: [other.identity] })).toBe('identity')
    expect(await why(file, { identities: [other.identity, mine.identity] })).toBe('opened')
    expect(await why(file, { passphrase })).toBe('sealed-for-recipients')
    expect(await why(await sealed(randomBytes(10)), { identities: [mine.identity] })).toBe('sealed-by-passphrase')
    expect(await why(file, { fileKey: newFileKey() })).toBe('damaged')
  })
  it('that were changed in any bit of the header are not taken', async () => {
    const [{ identity, recipient }] = (await people(1)) as [{ identity: string; recipient: string }]
    const whole = await all(encrypted(inPieces(randomBytes(100)), { recipients: [recipient] }))
    for (let at = 0; at < whole.indexOf('\n--- ') + 48; at++) {
      const changed = Buffer.from(whole)
      changed[at]! ^= 1
      expect(await why(changed, { identities: [identity] }), `bit at ${at}`).not.toBe('opened')
    }
  })
  it('are made for no share that makes every secret the same', async () => {
    const [{ identity, recipient }] = (await people(1)) as [{ identity: string; recipient: string }]
    const whole = (await all(encrypted(inPieces(randomBytes(1)), { recipients: [recipient] }))).toString('latin1')
    const nothing = whole.replace(/X25519 \S+/, `X25519 ${Buffer.alloc(32).toString('base64').replaceAll('=', '')}`)
    expect(await why(Buffer.from(nothing, 'latin1'), { identities: [identity] })).toBe('identity')
  })
  it('are made for recipients alone that were copied whole', async () => {
    const [{ recipient }] = (await people(1)) as [{ identity: string; recipient: string }]
    expect(recipientKey(recipient)).toHaveLength(32)
    expect(recipientKey(recipient.toUpperCase())).toHaveLength(32)
    const wrong = [...recipient].map(
      (letter, at) => recipient.slice(0, at) + (letter === 'q' ? 'p' : 'q') + recipient.slice(at + 1),
    )
    for (const text of [...wrong, '', 'age1', recipient.slice(0, -1), `${recipient}q`, `A${recipient.slice(1)}`])
      expect(recipientKey(text), text).toBeUndefined()
  })
})
