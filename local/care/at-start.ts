/** What a host looks at when it starts, and while it runs: quickly, and without anybody waiting for it. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { type Finding, sentenceOf } from '../../domain/care/finding.ts'
import { objectRecords } from '../../adapters/local/object-records.ts'
import { buckets } from '../../ports/objects.ts'
import type { Table } from '../../ports/table.ts'
import { Trouble } from '../trouble.ts'
import { cared, fileFaults, knownFiles, noteFiles } from './home-files.ts'
import { faultOf, lostObject, type Placed } from './look-objects.ts'

/** Throws a `Trouble` when a file that cannot be made anew is gone, or another than it was. Before any is made. */
export async function refuseOtherFiles(home: string, table: Table): Promise<void> {
  const findings = await fileFaults(home, await knownFiles(table))
  if (findings.length > 0) throw new Trouble(findings.map((one) => `${one.says} ${one.todo}`).join('\n'))
}

/** Notes the files again when there is one more: a keyring is made with the first organisation. */
export async function noteNewFiles(home: string, table: Table): Promise<void> {
  const known = (await knownFiles(table))?.files ?? {}
  if (Object.keys(cared).some((name) => !(name in known) && existsSync(join(home, name))))
    await noteFiles(home, table, false)
}

/** Looks at every object by its size, and hands over a sentence for each that is not as it was. */
export async function lookAtSizes(placed: Placed, table: Table, tell: (sentence: string) => void): Promise<void> {
  const records = objectRecords(table)
  const said = (finding: Finding): void => tell(sentenceOf(finding))
  for (const bucket of buckets)
    for await (const [key, record] of records.all(bucket)) {
      const fault = await faultOf(placed, { bucket, key, record }, 'quick')
      // It may have been replaced or removed meanwhile.
      if (fault && (await records.get(bucket, key))?.name === record.name) said(lostObject({ bucket, key }, fault))
    }
}
