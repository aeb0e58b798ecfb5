/** What a job reads: tables, the files beside them, and the code, fetched once for all runs. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Manifest } from '../domain/jobs/manifest.ts'
import { type CutTable, readTable } from './csv.ts'
import { each } from './each.ts'
import { safePath, storedName } from './folders.ts'
import type { RunnerIo } from './io.ts'
import { cutOf, partition, whenFailed } from './plans.ts'
import { type Source, sourceOf } from './runtimes/source.ts'

export interface Inputs {
  tables: { file: string; cut: CutTable }[]
  /** Files on disk that rows name, by their path below the dataset's folder. */
  volumes: Map<string, string>
  /** Files that every run may read. */
  shared: { file: string; from: string }[]
  source: Source
  /** The block of each subject. */
  block: Map<string, number>
}

/**
 * Fetches into the folder `store`. Throws `LinkFailed` when an input cannot be had, `RangeError` for a name that leads
 * out of the dataset's folder, `NotANotebook` for code that is none.
 */
export async function fetchInputs(manifest: Manifest, io: RunnerIo, store: string): Promise<Inputs> {
  if (
    !/^[a-z][a-z0-9_-]{0,79}$/.test(manifest.dataset) ||
    ![...manifest.tables, ...manifest.volumes, ...manifest.shared].every((f) => safePath(f.file))
  )
    throw new RangeError('a name of the manifest is not a plain one')
  const tables: Inputs['tables'] = []
  const volumes: Inputs['volumes'] = new Map()
  const shared: Inputs['shared'] = []
  const code = io.get(manifest.code)
  await each(
    manifest.tables.map((t, i) => [i, t] as const),
    4,
    async ([index, table]) => {
      tables[index] = { file: table.file, cut: readTable(await io.get(table.link), table.subject, table.pathColumn) }
    },
  )
  const files = [
    ...manifest.volumes.map((f) => ({ ...f, whose: 'rows' })),
    ...manifest.shared.map((f) => ({ ...f, whose: 'everybody' })),
  ]
  await each(files, 8, async (file) => {
    const path = join(store, storedName(file.file))
    await writeFile(path, await io.get(file.link), { mode: 0o444 })
    if (file.whose === 'rows') volumes.set(file.file, path)
    else shared.push({ file: file.file, from: path })
  })
  const source = sourceOf(manifest.runtime, (await code).toString('utf8'), manifest.parameters)
  const subjects = new Set(tables.flatMap((t) => t.cut.rows.map((r) => r.subject)))
  const blocks = manifest.plan.kind === 'whole' ? whenFailed.blocks : manifest.plan.blocks
  return {
    tables,
    volumes,
    shared,
    source,
    block: partition(subjects, blocks, manifest.partitionKey, cutOf(manifest.plan)),
  }
}

/** A volume is named by its path below the dataset's folder, or by the end of it as the custodian's list has it. */
export function volumeOf(
  volumes: ReadonlyMap<string, string>,
  path: string,
): { file: string; from: string } | undefined {
  const plain = path.replace(/^\.?\//, '')
  for (const [file, from] of volumes) if (file === plain || file.endsWith(`/${plain}`)) return { file, from }
  return undefined
}
