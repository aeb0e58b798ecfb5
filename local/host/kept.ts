/** What a home keeps, opened by the one host that has its lock. */
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Seal } from '../../adapters/local/seal.ts'
import { refuseOtherFiles } from '../care/at-start.ts'
import { noteFiles } from '../care/home-files.ts'
import { readJson, writeWhole } from '../files.ts'
import { lockHome } from '../home-lock.ts'
import { openJournal } from '../journal.ts'
import { type LastWords, openLastWords } from '../last-words.ts'
import { elsewhere } from '../port.ts'
import { damageMet, isTaken, openStore, storeTrouble } from '../store.ts'
import { Trouble } from '../trouble.ts'
import type { Ends } from './ends.ts'

type Journal = Awaited<ReturnType<typeof openJournal>>
type Store = Awaited<ReturnType<typeof openStore>>

export interface Kept {
  home: string
  /** By which its files are sealed; undefined when they are not. */
  seal: Seal | undefined
  journal: Journal
  table: Store
  lastWords: LastWords
}

interface Running {
  pid: number
  mainOrigin: string
}

const runningFile = (home: string): string => join(home, 'host.json')

/** What is wrong with the home, in a person's words; other errors as they are. */
async function homeTrouble(failure: unknown, home: string): Promise<unknown> {
  if (!isTaken(failure)) return storeTrouble(failure, home) ?? failure
  const other = await readJson<Running>(runningFile(home)).catch(() => undefined)
  const who = other ? `: ${other.mainOrigin}/ (process ${other.pid})` : ''
  return new Trouble(
    `Another Cloister is using the folder ${home}${who}. Open that one, or stop it first.\n${elsewhere}`,
  )
}

/** Logs the class of an error and where it was met; never its message, which may quote a user. */
export const logsErrors =
  (log: Journal['log'], at: string) =>
  (e: unknown): void =>
    log('error', { at, error: e instanceof Error ? e.name : typeof e })

/**
 * Opens the journal and, under the home's lock, its table. `lost` is called when the table cannot be written any
 * more. Throws `Trouble` when another host has the home, or it is damaged.
 */
export async function openKept(
  home: string,
  { seal, say, lost }: { seal: Seal | undefined; say: (text: string) => void; lost: (why: string) => void },
  ends: Ends,
): Promise<Kept> {
  const journal = await openJournal(join(home, 'cloister.log'))
  ends.add(journal.close)
  const open = async (): Promise<Store> => {
    // The lock makes this the only host of the home; everything else in it is opened after.
    ends.add(await lockHome(home))
    return openStore(home, {
      seal,
      say,
      failed: (failure) => lost(storeTrouble(failure, home)!.message),
      damaged: (what) => {
        journal.log('damage', { what })
        process.stderr.write(`${damageMet(home, what)}\n`)
      },
    })
  }
  const table = await open().catch(async (error: unknown) => {
    throw await homeTrouble(error, home)
  })
  ends.add(table.close)
  const lastWords = openLastWords(home)
  ends.add(lastWords.close)
  const { before } = lastWords
  if (before) journal.log('started-after', { ...before, doing: before.doing.join(', ') })
  await refuseOtherFiles(home, table)
  // A table that cannot be written any more has said so already.
  ends.add(() => noteFiles(home, table, true).catch(logsErrors(journal.log, 'files')))
  return { home, seal, journal, table, lastWords }
}

/** Says in the home who runs it, for whoever starts a second host. */
export async function noteRunning({ home, table }: Kept, mainOrigin: string, ends: Ends): Promise<void> {
  await noteFiles(home, table, false)
  await writeWhole(runningFile(home), JSON.stringify({ pid: process.pid, mainOrigin } satisfies Running))
  ends.add(() => rm(runningFile(home), { force: true }))
}
