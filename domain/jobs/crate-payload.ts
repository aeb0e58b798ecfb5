/** What a crate carries: what was asked, the release card, and the files that left. */
import { canonical } from '../hash.ts'
import type { ReleasedOutput } from '../release/outputs.ts'
import { type Card, cardMarkdown, releasedCsv } from './release-card.ts'

export interface CrateInput {
  card: Card
  outputs: readonly ReleasedOutput[]
  /** Plots that checkers released. */
  files?: readonly { name: string; type: string; bytes: Uint8Array }[]
  language: string
  person: { id: string; name: string }
  organisation: { id: string; name: string }
  /** The installation: its public address and version. */
  node: { origin: string; name: string; version: string }
  /** ISO 8601: when the code began and ended, and who approved it where the policy asks for it. */
  started: string
  ended: string
  approved?: { at: string; by: string }
}

/** A file of the crate, below its root. */
export interface CratePart {
  path: string
  bytes: Uint8Array
  /** Media type. */
  type: string
  name: string
  /** It is a result of the run. */
  result: boolean
}

const languages: Readonly<Record<string, { name: string; url: string; ending: string }>> = {
  sql: { name: 'SQL (DuckDB)', url: 'https://duckdb.org/docs/stable/sql/introduction', ending: 'sql' },
  python: { name: 'Python', url: 'https://www.python.org/', ending: 'py' },
  r: { name: 'R', url: 'https://www.r-project.org/', ending: 'R' },
  notebook: { name: 'Jupyter notebook', url: 'https://jupyter.org/', ending: 'ipynb' },
}
/** A language of analyses, with where it is described and what its files end in; undefined for others. */
export const languageOf = (language: string): { name: string; url: string; ending: string } | undefined =>
  languages[language]

/** A name as a file's: letters, digits, dots and dashes; numbered, so that two names cannot meet. */
function fileName(name: string, place: number, ending: string): string {
  const number = String(place + 1).padStart(3, '0')
  const plain = name
    .normalize('NFKD')
    .replace(/[^A-Za-z0-9.-]+/g, '_')
    .replace(/^[._]+/, '')
    .slice(0, 60)
  return `outputs/${number}-${plain || 'output'}.${ending}`
}

/** The crate's files without the metadata document; the first one is what was asked. */
export function payload(input: CrateInput): CratePart[] {
  const text = new TextEncoder()
  const asked: CratePart = {
    path: `workflow/main.${languageOf(input.language)?.ending ?? 'txt'}`,
    bytes: text.encode(input.card.asked),
    type: input.language === 'notebook' ? 'application/x-ipynb+json' : 'text/plain',
    name: 'What was asked',
    result: false,
  }
  const card: CratePart = {
    path: 'release-card.json',
    bytes: text.encode(canonical(input.card)),
    type: 'application/json',
    name: 'Release card',
    result: false,
  }
  const cardForPeople: CratePart = {
    path: 'release-card.md',
    bytes: text.encode(cardMarkdown(input.card)),
    type: 'text/markdown',
    name: 'Release card, for people',
    result: false,
  }
  const asData: CratePart = {
    path: 'outputs/result.json',
    bytes: text.encode(canonical(input.outputs)),
    type: 'application/json',
    name: 'All outputs, as data',
    result: true,
  }
  const tables = input.outputs.map((output, place) => ({
    path: fileName(output.name, place, 'csv'),
    bytes: text.encode(releasedCsv(output)),
    type: 'text/csv',
    name: output.name,
    result: true,
  }))
  const plots = (input.files ?? []).map(({ name, type, bytes }, place) => ({
    path: fileName(name.replace(/\.[^.]*$/, ''), input.outputs.length + place, name.split('.').at(-1) ?? 'bin'),
    bytes,
    type,
    name,
    result: true,
  }))
  return [asked, card, cardForPeople, asData, ...tables, ...plots]
}
