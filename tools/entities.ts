/**
 * Writes the tables of docs/architecture.md, section 3, from the entities that the contracts declare: `node
 * tools/entities.ts`, or `node tools/entities.ts --check` to compare only.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import type { Declaration, Ends } from '../contracts/entity.ts'
import { allEntities, type NamedEntity } from '../contracts/index.ts'

const file = new URL('../docs/architecture.md', import.meta.url)
const begin = '<!-- entities: made by `npm run docs` from contracts/*.entities.ts -->'
const end = '<!-- /entities -->'

const table = (head: readonly string[], rows: readonly string[][]): string =>
  [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n')
const code = (word: string): string => `\`${word}\``
const listed = (words: readonly string[]): string => words.map(code).join(', ')
const endsBy = (ends: Ends): string => ('kept' in ends ? `nothing: ${ends.kept}` : listed(ends))

const places = ({ index = {} }: Declaration): string =>
  Object.values(index)
    .map(({ gpk, gsk }) => `${code(gpk)} / ${code(gsk)}`)
    .join('<br>')
const objects = ({ objects: kept = {} }: Declaration): string =>
  Object.entries(kept)
    .map(([place, ends]) => `${code(place)}${'kept' in ends ? ` kept: ${ends.kept}` : ` until ${listed(ends)}`}`)
    .join('<br>')

const keyRow = ({ entity: { declaration } }: NamedEntity): string[] => [
  declaration.what,
  code(declaration.key.pk),
  code(declaration.key.sk),
  places(declaration),
]
const lifeRow = ({ area, entity: { declaration } }: NamedEntity): string[] => [
  declaration.what,
  area,
  declaration.owner,
  listed(declaration.descendsFrom),
  endsBy(declaration.deletedBy),
  declaration.backedUp,
  objects(declaration),
]

/** Both tables: keys, and what becomes of each entity. */
export const entityTables = (): string =>
  [
    table(['item', 'pk', 'sk', 'gpk / gsk'], allEntities.map(keyRow)),
    'Whose each is, what it descends from, what deletes it, what a backup is for, and its objects (`contracts/entity.ts` says what the words mean):',
    table(['item', 'area', 'owner', 'descends from', 'deleted by', 'backup', 'objects'], allEntities.map(lifeRow)),
  ].join('\n\n')

/** A page with the tables between its two marks written anew. Throws when the page has no such marks. */
export function withEntityTables(page: string): string {
  const [from, to] = [page.indexOf(begin), page.indexOf(end)]
  if (from === -1 || to < from) throw new Error(`The page has no place for the tables: ${begin} … ${end}`)
  return `${page.slice(0, from + begin.length)}\n\n${entityTables()}\n\n${page.slice(to)}`
}

if (import.meta.main) {
  const page = readFileSync(file, 'utf8')
  const wanted = withEntityTables(page)
  if (!process.argv.includes('--check')) writeFileSync(file, wanted)
  else if (page !== wanted) {
    console.error('docs/architecture.md, section 3, is not what the entities say. Run: node tools/entities.ts')
    process.exitCode = 1
  }
}
