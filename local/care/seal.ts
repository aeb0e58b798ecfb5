/** The program behind `cloister seal` and `cloister unseal`: a stopped home is sealed, unsealed, or locked anew. */
import { isSealedText } from '../../adapters/local/seal.ts'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { examinationExits } from '../../domain/care/finding.ts'
import { alone } from './alone.ts'
import { forgetKeychainKey, makeKeychainKey } from './keychain.ts'
import { isHome } from './look.ts'
import { readPassphrase } from './passphrase.ts'
import { Misused, program, type Voice } from './program.ts'
import { refuseOpenEnds, rewriteHome } from './rewrite.ts'
import {
  newHomeKey,
  readSealFile,
  removeSealFile,
  type SealFile,
  wrapByKey,
  wrapByPassphrase,
  writeSealFile,
} from './seal-file.ts'
import { askPassphrase, homeKeyOf, passphraseVariable, sealLost } from './unlock.ts'
import { memoryFor } from '../work.ts'

export interface SealOptions {
  home: string
  /** Takes the seal away. */
  unseal?: boolean
  /** Locks a sealed home by another passphrase, or by the keychain, and rewrites nothing else. */
  change?: boolean
  /** The key is kept in the system's keychain. */
  keychain?: boolean
  /** Where the new passphrase is read from. */
  passphraseFile?: string
  json?: boolean
}

/** The key wrapped as it was asked for. */
async function wrappedAs(options: SealOptions, key: Buffer, of: Pick<SealFile, 'id' | 'state'>): Promise<SealFile> {
  if (options.keychain) return wrapByKey(key, await makeKeychainKey(of.id), of)
  const file = options.passphraseFile ?? (options.change ? undefined : process.env[passphraseVariable] || undefined)
  const passphrase = await readPassphrase({
    file,
    isNew: true,
    question: 'New passphrase of the home: ',
    todo: `Give the new passphrase in a file (--passphrase FILE), or choose --keychain.`,
  })
  return wrapByPassphrase(key, passphrase, of)
}

/** The key that the home has: its passphrase is that of `--passphrase`, where that is not to be a new one. */
const heldKey = (file: SealFile, { passphraseFile, change }: SealOptions): Promise<Buffer> =>
  homeKeyOf(file, () =>
    passphraseFile === undefined || change
      ? askPassphrase()
      : readPassphrase({ file: passphraseFile, isNew: false, question: '', todo: '' }),
  )

/** Files that are sealed while nothing says by which key: nothing may be done to them. */
async function refuseLost(home: string): Promise<void> {
  if (isSealedText(await readFile(join(home, 'secrets.json'), 'utf8').catch(() => ''))) throw sealLost(home)
}

async function seal(options: SealOptions, voice: Voice): Promise<string> {
  const { home } = options
  const before = await readSealFile(home)
  if (before?.state === 'sealed')
    throw new Misused('This home is sealed already; --change gives it another passphrase, or the keychain.')
  await refuseOpenEnds(home)
  await memoryFor(home)
  if (!before) await refuseLost(home)
  const made = newHomeKey()
  const key = before ? await heldKey(before, options) : made.key
  const file = before ?? (await wrappedAs(options, key, { id: made.id, state: 'sealing' }))
  await writeSealFile(home, { ...file, state: 'sealing' })
  await rewriteHome(home, { key, writes: true }, voice.progress)
  await writeSealFile(home, { ...file, state: 'sealed' })
  const where =
    file.by === 'keychain'
      ? 'Its key is in the keychain of this user.'
      : 'Keep its passphrase: without it nobody can open the home.'
  return `${home} is sealed. ${where} Make a backup now; what lay in the clear before may still be found on the disk below its files.`
}

async function unseal(options: SealOptions, voice: Voice): Promise<string> {
  const { home } = options
  const file = await readSealFile(home)
  if (!file) throw new Misused('This home is not sealed.')
  const key = await heldKey(file, options)
  await writeSealFile(home, { ...file, state: 'unsealing' })
  await rewriteHome(home, { key, writes: false }, voice.progress)
  await removeSealFile(home)
  if (file.by === 'keychain') await forgetKeychainKey(file.id)
  return `${home} is not sealed any more: its files lie in the clear under the rights of files.`
}

async function change(options: SealOptions): Promise<string> {
  const { home } = options
  const before = await readSealFile(home)
  if (!before) throw new Misused('This home is not sealed; "cloister seal" seals it.')
  const key = await heldKey(before, options)
  // Another name: the key that the keychain holds for the old one is good until the new file is there.
  await writeSealFile(home, await wrappedAs(options, key, { id: newHomeKey().id, state: before.state }))
  if (before.by === 'keychain') await forgetKeychainKey(before.id)
  return options.keychain
    ? `The key of ${home} is in the keychain now.`
    : `${home} has another passphrase now. Backups made before keep their own.`
}

async function asked(options: SealOptions, voice: Voice): Promise<number> {
  const { home } = options
  if (!isHome(home)) throw new Misused(`There is no home of Cloister at ${home}. Name it with --home.`)
  const said = await alone(home, () => {
    if (options.unseal) return unseal(options, voice)
    return options.change ? change(options) : seal(options, voice)
  })
  voice.answer(options.json ? JSON.stringify({ home, sealed: !options.unseal }) : said)
  return examinationExits.whole
}

if (import.meta.main) await program(asked)
