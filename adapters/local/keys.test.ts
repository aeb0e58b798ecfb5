import { randomBytes } from 'node:crypto'
import { chmod, mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { keysContract } from '../../ports/keys.contract.ts'
import { KeyringExposed, localKeys, ringFaults } from './keys.ts'
import { SealBroken } from '../../runner/seal-words.ts'

keysContract('keyring file', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'cloister-keys-'))
  return {
    keys: localKeys({ file: join(folder, 'deep', 'keyring.json') }),
    missing: [`key_${'0'.repeat(32)}`],
    close: () => rm(folder, { recursive: true }),
  }
})

keysContract('sealed keyring file', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'cloister-keys-'))
  const seal = { key: randomBytes(32), writes: true }
  return {
    keys: localKeys({ file: join(folder, 'deep', 'keyring.json'), seal }),
    missing: [`key_${'0'.repeat(32)}`],
    close: () => rm(folder, { recursive: true }),
  }
})

describe('the keyring file', () => {
  let folder: string
  let file: string
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'cloister-keys-'))
    file = join(folder, 'keyring.json')
  })
  afterEach(async () => {
    await rm(folder, { recursive: true })
  })

  it('keeps pairs and MAC key across restarts', async () => {
    const before = localKeys({ file })
    const kid = await before.createKey('org_a')
    const after = localKeys({ file })
    expect(await after.createKey('org_a')).toBe(kid)
    expect(await after.publicKey(kid)).toEqual(await before.publicKey(kid))
    expect(await after.mac('pseudonym', 'x')).toEqual(await before.mac('pseudonym', 'x'))
  })
  it('is its owner’s alone, and leaves no temporary file', async () => {
    const keys = localKeys({ file })
    await Promise.all(['a', 'b', 'c'].map((o) => keys.createKey(`org_${o}`)))
    expect((await stat(file)).mode & 0o777).toBe(0o600)
    expect(await readdir(folder)).toEqual(['keyring.json'])
    expect(Object.keys((JSON.parse(await readFile(file, 'utf8')) as { pairs: object }).pairs)).toHaveLength(3)
  })
  it.runIf(process.platform !== 'win32')('is refused when others may read it, with what to do', async () => {
    await localKeys({ file }).mac('pseudonym', 'x')
    for (const mode of [0o640, 0o604, 0o660]) {
      await chmod(file, mode)
      await expect(localKeys({ file }).mac('pseudonym', 'x')).rejects.toThrow(KeyringExposed)
      await expect(localKeys({ file }).createKey('org_a')).rejects.toThrow('chmod 600')
    }
  })
  it('is closed to whoever has not the key of a sealed home, and says so', async () => {
    const seal = { key: randomBytes(32), writes: true }
    const kid = await localKeys({ file, seal }).createKey('org_a')
    const text = await readFile(file, 'utf8')
    expect(text).toMatch(/^Sealed by a newer version of Cloister/)
    for (const word of ['org_a', kid, 'PRIVATE', 'mac']) expect(text).not.toContain(word)
    await expect(localKeys({ file }).publicKey(kid)).rejects.toThrow(SealBroken)
    const other = { key: randomBytes(32), writes: true }
    await expect(localKeys({ file, seal: other }).publicKey(kid)).rejects.toThrow(SealBroken)
    expect(await ringFaults(file, other)).toEqual(['it is not what was written'])
    expect(await ringFaults(file, seal)).toEqual([])
    // While a home is unsealed the key still opens what is sealed, and what is written then is plain.
    const unsealing = localKeys({ file, seal: { ...seal, writes: false } })
    await unsealing.createKey('org_b')
    expect(await localKeys({ file }).createKey('org_a')).toBe(kid)
  })
})
