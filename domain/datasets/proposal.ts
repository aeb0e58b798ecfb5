/**
 * From what reading each file found to one proposed schema: unique table names, and folders of volumes that a table
 * lists.
 */
import type { DatasetSchema, ImageFolder, Table } from './schema.ts'

export const isTableFile = (path: string): boolean => /\.(csv|parquet)$/i.test(path)
const isVolume = (path: string): boolean => /\.nii(\.gz)?$/i.test(path)
/** Region masks, atlases and templates belong to nobody and are handed to every run. */
const isMask = (path: string): boolean =>
  isVolume(path) && /(^|[/_.-])(masks?|roi|atlas|template|regions?)([/_.-]|$)/i.test(path)

/** What is known of a file read as a table. */
export interface ReadTable {
  proposed: Table
  columns: { name: string; examples: string[] }[]
}

/** Examples are cut after so many characters (runner/engine/read.ts). */
const exampleLength = 60
/** The column whose examples are all paths of uploaded volumes. */
const pathColumn = (t: ReadTable, volumes: ReadonlySet<string>): string | undefined =>
  t.columns.find(
    (c) =>
      c.examples.length > 0 &&
      c.examples.every(
        (e) => volumes.has(e) || (e.length === exampleLength && [...volumes].some((v) => v.startsWith(e))),
      ),
  )?.name

/**
 * A proposal for the custodian: nothing of it holds before they confirm it. `other` are uploaded files that are no
 * tables.
 */
export function proposeSchema(read: readonly ReadTable[], other: readonly string[]): DatasetSchema {
  const taken = new Set<string>()
  const tables = read.map(({ proposed }): Table => {
    let name = proposed.name
    for (let n = 2; taken.has(name); n++) name = `${proposed.name.slice(0, 56)}_${n}`
    taken.add(name)
    return { ...proposed, name }
  })
  const masks = other.filter(isMask)
  const volumes = new Set(other.filter((p) => isVolume(p) && !isMask(p)))
  const images = read.flatMap((t, i): ImageFolder[] => {
    const path = pathColumn(t, volumes)
    return path === undefined
      ? []
      : [
          {
            name: `${tables[i]!.name.slice(0, 50)}_volumes`,
            kind: 'nifti',
            table: tables[i]!.name,
            path,
            masks: masks.slice(0, 100),
          },
        ]
  })
  // A path is a text of its own, whatever reading took it for.
  for (const f of images) {
    const t = tables.find((x) => x.name === f.table)!
    t.columns = t.columns.map((c) => (c.name === f.path ? { name: c.name, type: 'text' } : c))
  }
  return { tables, images }
}

/** The volumes that rows of a listing table name, with the line of each that is not among `files`. */
export function missingVolumes(
  rows: Iterable<{ line: number; cells: string[] }>,
  path: string,
  files: ReadonlySet<string>,
): { line: number }[] {
  let at = -1
  const out: { line: number }[] = []
  for (const { line, cells } of rows) {
    if (at < 0) {
      at = cells.indexOf(path)
      if (at < 0) return []
      continue
    }
    const named = cells[at] ?? ''
    if (named !== '' && !files.has(named)) out.push({ line })
  }
  return out
}
