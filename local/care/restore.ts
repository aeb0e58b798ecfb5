/**
 * The program behind `cloister restore` and `cloister withdrawals`: makes a home of a backup beside its place, looks at
 * all of it, and puts it there whole or not at all.
 */
import { createReadStream, createWriteStream, existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, rename, rm, rmdir, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { makeFolder, syncFile, syncFolder } from '../../adapters/local/durable.ts'
import { localKeys } from '../../adapters/local/keys.ts'
import type { Seal } from '../../adapters/local/seal.ts'
import { TableFile } from '../../adapters/local/table-file.ts'
import { headFile, tableFile } from '../../adapters/local/table-folder.ts'
import { HeadFile } from '../../adapters/local/table-head.ts'
import { examinationExits, isDamaged, sentenceOf } from '../../domain/care/finding.ts'
import { besidePlace, sweepBeside } from '../../runner/own-folders.ts'
import { markHome } from '../conversion.ts'
import { storeFolder } from '../store.ts'
import { Trouble } from '../trouble.ts'
import { decrypted } from './age.ts'
import { NotOpened, type Opener } from './age-keys.ts'
import { ArchiveDamaged, type Manifest, unpacked } from './archive.ts'
import { isHome, lookAt } from './look.ts'
import { Misused, program, type Voice } from './program.ts'
import { notOpenedWords, openerOf, type OpenerOptions } from './who-opens.ts'
import { readRestored, type Restored, unknownWithdrawals, writeRestored } from './restored.ts'
import { keyCarried } from './carried-key.ts'
import { readPassphrase } from './passphrase.ts'
import { newHomeKey, sealName, wrapByPassphrase, writeSealFile } from './seal-file.ts'
import { passphraseVariable, sealBy, unlock } from './unlock.ts'
import { goneBy, goneSince, listOf, noteGone } from './withdrawals.ts'

export interface RestoreOptions extends OpenerOptions {
  home: string
  /** The backup; without it, a home that was restored is told of withdrawals. */
  file?: string
  withdrawals?: string
  json?: boolean
}

/** What a backup has become: a folder with its files, but for the key of a home that was sealed. */
interface Unpacked {
  manifest: Manifest
  key: Buffer | undefined
}

async function unpack(file: string, opener: Opener, folder: string, voice: Voice): Promise<Unpacked> {
  let read = 0
  let key: Buffer | undefined
  try {
    const manifest = await unpacked(decrypted(createReadStream(file), opener), async (name, body) => {
      if (name === sealName) {
        key = await keyCarried(body)
        return
      }
      const path = join(folder, name)
      await makeFolder(dirname(path))
      async function* heard(): AsyncGenerator<Uint8Array> {
        for await (const chunk of body) {
          read += chunk.length
          voice.progress(`restoring: ${Math.round(read / 1e6)} MB`)
          yield chunk
        }
      }
      await pipeline(heard(), createWriteStream(path, { flags: 'wx', mode: 0o600 }))
      await syncFile(path)
    })
    return { manifest, key }
  } catch (e) {
    if (e instanceof NotOpened) throw new Trouble(`${file} cannot be restored. ${notOpenedWords[e.why]}`)
    if (e instanceof ArchiveDamaged || e instanceof SyntaxError)
      throw new Trouble(`${file} cannot be restored. ${notOpenedWords.damaged}`)
    throw e
  }
}

/** The table's file `head`, which a backup does not hold: from now on, where the table stands is acknowledged. */
function makeHead(folder: string): void {
  const table = TableFile.read(tableFile(storeFolder(folder)))
  try {
    HeadFile.make(headFile(storeFolder(folder)), table.head)
  } finally {
    table.close()
  }
}

/** Which installation's table a home has. */
function storeOf(home: string, seal: Seal | undefined): string {
  const table = TableFile.read(tableFile(storeFolder(home)), seal)
  try {
    return table.head.store
  } finally {
    table.close()
  }
}

/** Adds to the home's list which runs' data went, by another list or home. */
async function takeList(
  home: string,
  from: string,
  seal: Seal | undefined,
): Promise<{ added: number; passedOver: number }> {
  const keys = localKeys({ file: join(home, 'keyring.json'), seal })
  const list = listOf(home)
  const known = new Set(existsSync(list) ? (await goneBy(list, keys)).map((gone) => gone.run) : [])
  const { gone: all, passedOver } = await goneSince(from, { keys, store: storeOf(home, seal), seal })
  const found = all.filter((gone) => !known.has(gone.run))
  for (const gone of found) await noteGone(list, keys, gone)
  return { added: found.length, passedOver }
}

/** The passphrase of a home that is restored: the backup's, or where that is for recipients a new one. */
const passphraseOf = async (opener: Opener): Promise<string> =>
  'passphrase' in opener
    ? opener.passphrase
    : readPassphrase({
        file: process.env[passphraseVariable] || undefined,
        isNew: true,
        question: 'The home was sealed, and will be. A passphrase for it: ',
        todo: `The home was sealed, and will be. Name a file with a passphrase for it in ${passphraseVariable}, or restore it at a terminal, where it is asked for.`,
      })

/** What is said of lines that could not be taken. */
const notTaken = (passedOver: number): string[] =>
  passedOver === 0
    ? []
    : [`${passedOver} lines of the list are not as this installation wrote them, and were passed over.`]

/** Whether a home can come to a place: there is nothing, or an empty folder. */
async function refusePlace(home: string): Promise<void> {
  const there = await readdir(home).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return []
    throw new Misused(`${home} is no place for a home (${error.code}).`)
  })
  if (there.length > 0) throw new Misused(`${home} is not empty. Restore to another folder, or move this one away.`)
}

/** Where the home is put together, on the disk of its place. */
async function folderBeside(home: string): Promise<string> {
  try {
    await mkdir(dirname(home), { recursive: true })
    sweepBeside(home)
    return await mkdtemp(besidePlace(home, 'restoring'))
  } catch (e) {
    throw new Misused(`${home} is no place for a home (${(e as NodeJS.ErrnoException).code}).`)
  }
}

async function restore(options: RestoreOptions & { file: string }, voice: Voice): Promise<number> {
  const { home, file } = options
  await refusePlace(home)
  const there = await stat(file).catch(() => undefined)
  if (!there) throw new Misused(`There is no backup at ${file}.`)
  if (there.isDirectory()) throw new Misused(`${file} is a folder, and no backup.`)
  const opener = await openerOf(file, options)
  const folder = await folderBeside(home)
  try {
    const { manifest, key } = await unpack(file, opener, folder, voice)
    if (key) {
      const passphrase = await passphraseOf(opener)
      await writeSealFile(folder, await wrapByPassphrase(key, passphrase, { id: newHomeKey().id, state: 'sealed' }))
    }
    const seal = key && sealBy(key)
    makeHead(folder)
    const { findings } = await lookAt(folder, 'whole', voice.progress, seal)
    const lost = findings.filter((one) => one.grade === 'damage')
    // Objects that were damaged before the backup are missing in it, and it said so when it was made.
    if (isDamaged(findings) && lost.length > manifest.missing.length)
      throw new Trouble(`${file} cannot be restored: ${lost.map((one) => sentenceOf(one)).join('\n')}`)
    const known = options.withdrawals === undefined ? undefined : await takeList(folder, options.withdrawals, seal)
    const restored: Restored = {
      backup: manifest.created,
      at: new Date().toISOString(),
      withdrawals: known === undefined ? 'unknown' : 'due',
    }
    await writeRestored(folder, restored)
    await markHome(folder)
    await syncFolder(folder)
    await rmdir(home).catch(() => {})
    await rename(folder, home)
    await syncFolder(dirname(home))
    const unknown = unknownWithdrawals(restored)
    const lines = [
      `${manifest.files.length} files of ${manifest.created} were restored to ${home}, and looked at.`,
      ...lost.map((one) => sentenceOf(one)),
      ...notTaken(known?.passedOver ?? 0),
      key
        ? `The home is sealed, under ${'passphrase' in opener ? 'the passphrase of the backup' : 'the passphrase that was given'}: "cloister seal --change" gives it another.`
        : 'The home is not sealed: its files lie in the clear under the rights of files.',
      known === undefined
        ? `${unknown.says} ${unknown.todo}`
        : 'The next start withdraws again whoever has withdrawn since.',
    ]
    voice.answer(
      options.json
        ? JSON.stringify({ home, ...restored, files: manifest.files.length, passedOver: known?.passedOver ?? 0 })
        : lines.join('\n'),
    )
    return examinationExits.whole
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function tellOf({ home, withdrawals, json }: RestoreOptions, { answer }: Voice): Promise<number> {
  const restored = isHome(home) ? await readRestored(home) : undefined
  if (!restored || withdrawals === undefined) throw new Misused(`${home} is no home that was restored from a backup.`)
  const { added, passedOver } = await takeList(home, withdrawals, await unlock(home))
  await writeRestored(home, { ...restored, withdrawals: 'due' })
  answer(
    json
      ? JSON.stringify({ home, added, passedOver })
      : [
          ...notTaken(passedOver),
          `${added} more runs are on the list. Start the host (again): it withdraws them before it serves anybody.`,
        ].join('\n'),
  )
  return examinationExits.whole
}

const asked = (options: RestoreOptions, voice: Voice): Promise<number> =>
  options.file === undefined ? tellOf(options, voice) : restore({ ...options, file: options.file }, voice)

if (import.meta.main) await program(asked)
