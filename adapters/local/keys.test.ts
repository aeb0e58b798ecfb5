import { chmod, mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { keysContract } from '../../ports/keys.contract.ts'
import { KeyringExposed, localKeys } from './keys.ts'

keysContract('keyring file', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'cloister-keys-'))
  return {
    keys: localKeys({ file: join(folder, 'deep', 'keyring.json') }),
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
})
