/** Repairs whose outcome is known before they are made. Only where no host has the home. */
import { chmod, rm } from 'node:fs/promises'
import { DatabaseSync } from 'node:sqlite'
import type { Finding, Repair } from '../../domain/care/finding.ts'
import { syncFile } from '../../adapters/local/durable.ts'
import { tableFile } from '../../adapters/local/table-folder.ts'
import { storeFolder } from '../store.ts'
import { derive } from './derived.ts'

/** Indexes say nothing that the rows do not, and are made of them again. */
async function makeIndexes(home: string): Promise<string> {
  const file = tableFile(storeFolder(home))
  const database = new DatabaseSync(file)
  try {
    database.exec('pragma synchronous = full; reindex; pragma wal_checkpoint(truncate)')
  } finally {
    database.close()
  }
  await syncFile(file)
  return 'The indexes of the table were made anew from its rows.'
}

const make: { [D in Repair['does']]: (repair: Extract<Repair, { does: D }>, home: string) => Promise<string> } = {
  async remove({ file }) {
    await rm(file, { recursive: true, force: true })
    return `${file} was removed.`
  },
  async close({ file }) {
    await chmod(file, 0o600)
    return `${file} is now its owner's alone.`
  },
  index: (_, home) => makeIndexes(home),
  derive: ({ entity }, home) => derive(home, entity),
}

/** Makes every repair that a finding has, each once, and answers what was done. */
export async function repair(home: string, findings: readonly Finding[]): Promise<string[]> {
  const repairs = new Map(findings.flatMap((one) => (one.repair ? [[JSON.stringify(one.repair), one.repair]] : [])))
  const done: string[] = []
  for (const one of repairs.values())
    done.push(await (make[one.does] as (r: Repair, h: string) => Promise<string>)(one, home))
  return done
}
