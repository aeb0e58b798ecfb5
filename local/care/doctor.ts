/** The program behind `cloister doctor`: looks at a home, says what is wrong, and seals what it has said. */
import { existsSync } from 'node:fs'
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { timingSafeEqual } from 'node:crypto'
import { examinationExits, inOrder, isDamaged, sentenceOf } from '../../domain/care/finding.ts'
import { type Receipt, sealedText, type SealedReceipt, unsealed } from '../../domain/care/receipt.ts'
import { localKeys, ringFaults } from '../../adapters/local/keys.ts'
import { syncFolder } from '../../adapters/local/durable.ts'
import type { Seal } from '../../adapters/local/seal.ts'
import { localTable } from '../../adapters/local/table.ts'
import { TableFile } from '../../adapters/local/table-file.ts'
import { headFile, inspect, tableFile } from '../../adapters/local/table-folder.ts'
import { HeadFile, readHead } from '../../adapters/local/table-head.ts'
import { writeWhole } from '../files.ts'
import { storeFolder } from '../store.ts'
import { alone } from './alone.ts'
import { noteFiles } from './home-files.ts'
import { Trouble } from '../trouble.ts'
import { isHome, isOfHead, type Look, lookAt } from './look.ts'
import { Misused, program, unwritten, type Voice } from './program.ts'
import { repair } from './repair.ts'
import { unlock } from './unlock.ts'

export interface DoctorOptions {
  home: string
  quick?: boolean
  repair?: boolean
  /** Takes the files beside table and objects as they are now. */
  accept?: boolean
  /** Where to save the receipt. */
  receipt?: string
  /** A receipt to verify instead of looking. */
  verify?: string
  json?: boolean
}

/** The seal of a text by the home's MAC key; empty when there is no keyring that can be read. */
async function sealOf(home: string, text: string, seal: Seal | undefined): Promise<string> {
  const file = join(home, 'keyring.json')
  if ((await ringFaults(file, seal)).length > 0) return ''
  return Buffer.from(await localKeys({ file, seal }).mac('doctor', text)).toString('hex')
}

async function verify(home: string, file: string, seal: Seal | undefined, { answer }: Voice): Promise<number> {
  const read = await readFile(file, 'utf8').catch(() => {
    throw new Misused(`The receipt ${file} cannot be read.`)
  })
  let found: ReturnType<typeof unsealed>
  try {
    found = unsealed(JSON.parse(read))
  } catch {
    found = undefined
  }
  if (!found) throw new Misused(`${file} is no receipt of "cloister doctor".`)
  const expected = Buffer.from(await sealOf(home, sealedText(found.receipt), seal))
  const said = Buffer.from(found.seal)
  const genuine = expected.length > 0 && expected.length === said.length && timingSafeEqual(expected, said)
  const { at, whole } = found.receipt
  answer(
    genuine
      ? `This receipt is of this installation, and as it was written: of ${at}, ${whole ? 'nothing damaged' : 'damage'}.`
      : 'This receipt is not of this installation, or was changed.',
  )
  return genuine ? examinationExits.whole : examinationExits.damaged
}

/** Makes the file `head` anew of a table that is whole in itself. */
async function acceptHead(folder: string): Promise<void> {
  if (inspect(folder, 'quick').faults.some((fault) => !isOfHead(fault)) || readableHead(folder)) return
  await rm(headFile(folder), { force: true })
  const table = TableFile.read(tableFile(folder))
  try {
    HeadFile.make(headFile(folder), table.head)
  } finally {
    table.close()
  }
  await syncFolder(folder)
  const { faults } = inspect(folder, 'whole')
  if (faults.length === 0) return
  await rm(headFile(folder))
  throw new Trouble(`The table is damaged, and cannot be taken as it stands. ${faults.join(' ')}`)
}

function readableHead(folder: string): boolean {
  try {
    return readHead(headFile(folder)) !== undefined
  } catch {
    return false
  }
}

async function accept(home: string, seal: Seal | undefined): Promise<string> {
  await acceptHead(storeFolder(home))
  const table = await localTable({ folder: storeFolder(home), failed: () => {}, seal })
  try {
    await noteFiles(home, table, true)
  } finally {
    await table.close()
  }
  return 'The table was taken as it stands, and keyring, sign-in and secrets were noted as they are now.'
}

/** The receipt of a look. */
function receiptOf({ head, looked, findings }: Look, how: Receipt['how'], repaired: string[]): Receipt {
  const store = head && { id: head.store, commits: head.commits, items: head.items, digest: head.digest }
  return {
    kind: 'cloister-doctor',
    version: 1,
    ...(store ? { store } : {}),
    at: new Date().toISOString(),
    how,
    looked,
    findings: inOrder(findings).map(({ part, says, todo, grade }) => ({ part, says, todo, grade })),
    repaired,
    whole: !isDamaged(findings),
  }
}

function said({ findings, looked, whole, repaired, how }: Receipt): string {
  const counts = Object.entries(looked).map(([what, count]) => `${count} ${what}`)
  const end = whole
    ? `Nothing is damaged${how === 'quick' ? ', as far as a quick look can tell' : ''} (${counts.join(', ')}).`
    : 'This home is damaged.'
  return [...repaired, ...findings.map((one) => sentenceOf(one)), end].join('\n')
}

async function doctor(options: DoctorOptions, voice: Voice): Promise<number> {
  const { home } = options
  if (options.verify === undefined && !isHome(home))
    throw new Misused(`There is no home of Cloister at ${home}. Name it with --home.`)
  const seal = await unlock(home)
  if (options.verify !== undefined) return verify(home, options.verify, seal, voice)
  const how = options.quick ? 'quick' : 'whole'
  const repaired: string[] = []
  if (options.accept) repaired.push(await alone(home, () => accept(home, seal)))
  let look = await lookAt(home, how, voice.progress, seal)
  if (options.repair && look.findings.some((one) => one.repair)) {
    repaired.push(...(await alone(home, () => repair(home, look.findings))))
    look = await lookAt(home, how, voice.progress, seal)
  }
  const receipt = receiptOf(look, how, repaired)
  const sealed: SealedReceipt = { ...receipt, seal: await sealOf(home, sealedText(receipt), seal) }
  const text = JSON.stringify(sealed, null, 2)
  if (options.receipt !== undefined) {
    if (existsSync(options.receipt)) throw new Misused(`${options.receipt} is there already.`)
    await writeWhole(options.receipt, `${text}\n`).catch(unwritten(options.receipt))
  }
  voice.answer(options.json ? text : said(receipt))
  return receipt.whole ? examinationExits.whole : examinationExits.damaged
}

if (import.meta.main) await program(doctor)
