/** A look at a whole home, whether or not a host runs in it: nothing is written, everything that is wrong is said. */
import { existsSync, readdirSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Finding } from '../../domain/care/finding.ts'
import { runLife } from '../../domain/runs/life.ts'
import { decodeRecord } from '../../domain/pipelines/log.ts'
import { TableFile } from '../../adapters/local/table-file.ts'
import { inspect, type Inspection, tableFile } from '../../adapters/local/table-folder.ts'
import { recordItemKey } from '../../adapters/local/object-records.ts'
import { itemOf } from '../../adapters/local/table-row.ts'
import { logKey } from '../../adapters/local/logs.ts'
import type { Seal } from '../../adapters/local/seal.ts'
import { openLine } from '../../runner/seal-words.ts'
import { leftovers } from '../../runner/own-folders.ts'
import { storeFolder } from '../store.ts'
import { lostFindings, lostOf } from './derived.ts'
import { fileFaults } from './home-files.ts'
import { lookAtBudgets, lookAtChains, lookAtRuns, type RecordedObject, type Seen, seenIn } from './look-items.ts'
import { lookAtKeys } from './look-keys.ts'
import { lookAtNames, lookAtObjects, lookAtStrays } from './look-objects.ts'
import { restoredState } from './restored.ts'

export interface Look {
  findings: Finding[]
  /** How far the table has come; undefined when it cannot be read. */
  head: Inspection['head']
  /** How many of each there were. */
  looked: Record<string, number>
}

/** Whether a folder is a home at all: something of a host lies in it. */
export const isHome = (home: string): boolean =>
  existsSync(home) && readdirSync(home).some((name) => ['store', 'table', 'keyring.json', 'objects'].includes(name))

/** Whether a fault is of the file `head` alone, which is made anew of a table that is whole. */
export const isOfHead = (fault: string): boolean => /^The file .*[\\/]head (is missing|cannot be read)\.$/.test(fault)

const storeTodo =
  'Keep a copy of the home, then restore a backup; "cloister doctor --repair" puts right what can be proved: indexes, and items that others say all of.'

const headTodo =
  'Restore a backup if there is a newer one; else "cloister doctor --accept" takes the table as it stands.'

function storeFindings({ faults }: Inspection): Finding[] {
  return faults.map((says) => {
    if (isOfHead(says)) return { part: 'store', says, todo: headTodo, grade: 'damage' }
    const onIndexes = /missing from index|wrong # of entries in index|non-unique entry in index/.test(says)
    return {
      part: 'store',
      says,
      todo: storeTodo,
      grade: 'damage',
      ...(onIndexes ? { repair: { does: 'index' } } : {}),
    }
  })
}

/** Logs of runs: lines that are no records. */
async function lookAtLogs(home: string, seal: Seal | undefined): Promise<{ findings: Finding[]; count: number }> {
  const folder = join(home, 'logs')
  const names = await readdir(folder).catch(() => [])
  const findings: Finding[] = []
  for (const name of names) {
    const key = seal && logKey(seal, name.replace(/\.jsonl$/, ''))
    const lines = (await readFile(join(folder, name), 'utf8').catch(() => '')).split('\n')
    // What is behind the last line end is being written.
    const bad = lines.slice(0, -1).filter((line) => decodeRecord(openLine(key, line)) === undefined).length
    if (bad > 0)
      findings.push({
        part: 'runs',
        says: `${bad} lines of the log ${join(folder, name)} are not as they were written.`,
        todo: 'Restore it from a backup; the rest of the log can be read.',
        grade: 'damage',
      })
  }
  return { findings, count: names.length }
}

const left = (home: string): Finding[] =>
  leftovers(join(home, 'work')).map((file) => ({
    part: 'leftovers',
    says: `The folder ${file} was left by a process that was killed.`,
    todo: 'The next start of the host removes it, or "cloister doctor --repair".',
    grade: 'note',
    repair: { does: 'remove', file },
  }))

/** The items and all that hangs on them, where the table can be read. */
async function lookInside(
  home: string,
  how: 'quick' | 'whole',
  progress: (text: string) => void,
  seal: Seal | undefined,
): Promise<{ findings: Finding[]; seen: Seen }> {
  const file = tableFile(storeFolder(home))
  const table = TableFile.read(file, seal)
  try {
    const seen = table.atOneMoment(() => seenIn(table))
    const folder = join(home, 'objects')
    const stillThere = ({ bucket, key, record }: RecordedObject): boolean => {
      const { pk, sk } = recordItemKey(bucket, key)
      const row = table.get(pk, sk)
      return row !== undefined && itemOf(row)['name'] === record.name
    }
    const all = seen.objects.reduce((sum, { record }) => sum + record.size, 0)
    let read = 0
    const more = (bytes: number): void => {
      read += bytes
      progress(`objects: ${Math.round(read / 1e6)} of ${Math.round(all / 1e6)} MB`)
    }
    const named = seen.named.filter(({ bucket, key }) => {
      const run = bucket === 'sealed' ? seen.runs.get(key.split('/')[1] ?? '') : undefined
      return !run || runLife[run.state].hasData
    })
    const findings = [
      ...(how === 'whole' ? await lookAtChains(table, seen) : []),
      ...lostFindings(await lostOf(table)),
      ...lookAtBudgets(seen),
      ...lookAtRuns(seen),
      ...(await lookAtObjects({ folder, seal }, seen.objects, how, stillThere, more)),
      ...lookAtNames(named, seen.objects),
      ...(await lookAtStrays(folder, seen.objects)),
      ...(await lookAtKeys(home, seen, seal)),
      ...(await fileFaults(home, seen.home)),
    ]
    return { findings, seen }
  } finally {
    table.close()
  }
}

/** Looks at everything; with `quick` not at every byte of every object. */
export async function lookAt(
  home: string,
  how: 'quick' | 'whole',
  progress: (text: string) => void,
  seal?: Seal,
): Promise<Look> {
  const folder = storeFolder(home)
  if (!existsSync(folder) && existsSync(join(home, 'table')))
    return {
      findings: [
        {
          part: 'store',
          says: 'The table is still that of version 0.1.0, which cannot tell damage.',
          todo: 'Start this version once, which takes it over, and look again.',
          grade: 'note',
        },
      ],
      head: undefined,
      looked: {},
    }
  progress('the table')
  const store = inspect(folder, how)
  const findings = storeFindings(store)
  const looked: Record<string, number> = {}
  const inside = store.head ? await lookInside(home, how, progress, seal).catch(() => undefined) : undefined
  if (inside) {
    const { seen } = inside
    findings.push(...inside.findings)
    Object.assign(looked, {
      items: seen.items,
      chains: seen.chains.size,
      budgets: seen.budgets.size,
      runs: seen.runs.size,
      objects: seen.objects.length,
    })
  } else if (store.faults.length === 0)
    findings.push({ part: 'store', says: 'The items cannot be read.', todo: storeTodo, grade: 'damage' })
  const logs = await lookAtLogs(home, seal)
  looked['logs'] = logs.count
  findings.push(...logs.findings, ...left(home), ...(await restoredState(home)))
  return { findings, head: store.head, looked }
}
