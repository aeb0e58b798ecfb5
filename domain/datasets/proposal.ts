/**
 * From what reading each file found to one proposed schema: unique table names, and folders of volumes that a table
 * lists.
 */
import type { CsvLine } from './csv.ts'
import type { DatasetSchema, ImageFolder, Table } from './schema.ts'

/** Whether a file is read as a table, by its name. */
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
/** Whether an example is the path of a volume, or the beginning of one that was cut. */
const isPath = (example: string, volumes: ReadonlySet<string>): boolean =>
  volumes.has(example) ||
  (example.length === exampleLength && [...volumes].some((volume) => volume.startsWith(example)))
/** The column whose examples are all paths of uploaded volumes. */
const pathColumn = ({ columns }: ReadTable, volumes: ReadonlySet<string>): string | undefined =>
  columns.find(({ examples }) => examples.length > 0 && examples.every((example) => isPath(example, volumes)))?.name

/** Letters of a table's name before its number, and before what a folder of volumes adds. */
const longestNumbered = 56
const longestListing = 50
/** Masks of one folder. */
const mostMasks = 100

/** The tables with names that differ: a name that comes again gets a number. */
function withOwnNames(read: readonly ReadTable[]): Table[] {
  const taken = new Set<string>()
  return read.map(({ proposed }) => {
    let name = proposed.name
    for (let number = 2; taken.has(name); number++) name = `${proposed.name.slice(0, longestNumbered)}_${number}`
    taken.add(name)
    return { ...proposed, name }
  })
}

/** A path is a text of its own, whatever reading took it for. */
const withPath = (table: Table, path: string): Table => ({
  ...table,
  columns: table.columns.map((column) => (column.name === path ? { name: column.name, type: 'text' } : column)),
})

/**
 * A proposal for the custodian: nothing of it holds before they confirm it. `other` are uploaded files that are no
 * tables.
 */
export function proposeSchema(read: readonly ReadTable[], other: readonly string[]): DatasetSchema {
  const masks = other.filter(isMask).slice(0, mostMasks)
  const volumes = new Set(other.filter((path) => isVolume(path) && !isMask(path)))
  const images: ImageFolder[] = []
  const tables = withOwnNames(read).map((table, place) => {
    const path = pathColumn(read[place]!, volumes)
    if (path === undefined) return table
    images.push({
      name: `${table.name.slice(0, longestListing)}_volumes`,
      kind: 'nifti',
      table: table.name,
      path,
      masks,
    })
    return withPath(table, path)
  })
  return { tables, images }
}

/**
 * The lines of a listing table whose volume is not among `files`; none when the table has no column `path`. The first
 * row is its header.
 */
export function missingVolumes(rows: Iterable<CsvLine>, path: string, files: ReadonlySet<string>): { line: number }[] {
  let at: number | undefined
  const missing: { line: number }[] = []
  for (const { line, cells } of rows) {
    if (at === undefined) {
      at = cells.indexOf(path)
      if (at < 0) return []
      continue
    }
    const volume = cells[at] ?? ''
    if (volume !== '' && !files.has(volume)) missing.push({ line })
  }
  return missing
}
