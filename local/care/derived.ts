/** Derived items that are missing or damaged, though what they say is known: found, and made anew. */
import { setTimeout } from 'node:timers/promises'
import type { Finding } from '../../domain/care/finding.ts'
import { TableFile, type Write } from '../../adapters/local/table-file.ts'
import { headFile, tableFile } from '../../adapters/local/table-folder.ts'
import { HeadFile, readHead } from '../../adapters/local/table-head.ts'
import { isWhole, itemOf, rowOf } from '../../adapters/local/table-row.ts'
import { allEntities } from '../../contracts/index.ts'
import type { Item, Key } from '../../ports/table.ts'
import { storeFolder } from '../store.ts'
import { type DerivedName, derivedNames, derivedRules, gather, noSources } from './derived-rules.ts'

/** An item that must be there and is not, or is not as it was written. */
export interface Lost {
  name: DerivedName
  item: Item
}

const placeOf = ({ pk, sk }: Key): string => JSON.stringify([pk, sk])

/** Everything derived that is missing or damaged at one moment of the table. */
function lostIn(table: TableFile, now: Date): Lost[] {
  const sources = noSources()
  const there = new Set<string>()
  for (const row of table.all()) {
    if (!isWhole(row)) continue
    there.add(placeOf(row))
    gather(itemOf(row), sources)
  }
  return derivedNames.flatMap((name) =>
    derivedRules[name](sources, now)
      .filter((item) => !there.has(placeOf(item)))
      .map((item) => ({ name, item })),
  )
}

/** A host at work writes one item after the other: what was missing for a moment only is not. */
const momentMilliseconds = 1000

/** What of a table's derived items is lost, also while a host writes it. */
export async function lostOf(table: TableFile): Promise<Lost[]> {
  const first = table.atOneMoment(() => lostIn(table, new Date()))
  if (first.length === 0) return []
  await setTimeout(momentMilliseconds)
  const before = new Set(first.map(({ item }) => placeOf(item)))
  return table.atOneMoment(() => lostIn(table, new Date())).filter(({ item }) => before.has(placeOf(item)))
}

/** Homes of before these were kept have none of them: nothing is lost, and nobody looks. */
const neverKept: ReadonlySet<DerivedName> = new Set([
  'runObjects',
  'studyUploads',
  'datasetUploads',
  'pipelineUploads',
  'experimentUploads',
])

const whatOf = (name: DerivedName): string => allEntities.find((one) => one.name === name)!.entity.declaration.what
const counted = (count: number): string => (count === 1 ? '1 item is' : `${count} items are`)

/** What was lost, by its entity. */
export const lostFindings = (lost: readonly Lost[]): Finding[] =>
  [...Map.groupBy(lost, ({ name }) => name)].map(([name, items]) => ({
    part: 'store',
    says: `${counted(items.length)} not there (${whatOf(name)}), though others say what must be.`,
    todo: '"cloister doctor --repair" makes them anew of those.',
    grade: neverKept.has(name) ? 'note' : 'damage',
    repair: { does: 'derive', entity: name },
  }))

/**
 * Makes what is lost of an entity anew; answers what was done. Safe to kill and to run again: it is one commit. The
 * store would not open a table with damaged rows, so this writes to the file itself, which nobody else has now.
 */
export async function derive(home: string, entity: string): Promise<string> {
  const folder = storeFolder(home)
  const table = TableFile.open(tableFile(folder))
  try {
    if (table.faults('quick').length > 0 || readHead(headFile(folder)) === undefined)
      return `Nothing was made anew (${whatOf(entity as DerivedName)}): the table's file comes first.`
    const lost = (await lostOf(table)).filter(({ name }) => name === entity)
    const head = HeadFile.open(headFile(folder), table.head)
    try {
      // What stands in its place is not as it was written.
      table.commit(
        lost.flatMap(({ item }): Write[] => [
          { does: 'remove', pk: item.pk, sk: item.sk },
          { does: 'create', row: rowOf({ ...item, rev: 1 }) },
        ]),
      )
      head.write(table.head)
      table.checkpoint()
    } finally {
      head.close()
    }
    return `${lost.length} ${lost.length === 1 ? 'item was' : 'items were'} made anew (${whatOf(entity as DerivedName)}).`
  } finally {
    table.close()
  }
}
