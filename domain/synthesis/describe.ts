/**
 * What comes with a synthetic table: the release card, a data dictionary, and Croissant 1.0 metadata
 * (https://docs.mlcommons.org/croissant/docs/croissant-spec.html). All of it follows from the confirmed plan and from
 * what was paid for.
 */
import { csvLine } from '../datasets/csv.ts'
import type { Table as Declared } from '../datasets/schema.ts'
import { type Column, type Domain, edgesOf, isListed } from './column-domain.ts'
import type { Drawn, Made } from './manifest.ts'
import type { PlannedColumn, SynthesisPlan } from './plan.ts'
import { sharesOf } from './request.ts'

export interface CardFacts {
  synthesisId: string
  title: string
  dataset: { datasetId: string; name: string; version: number; table: string }
  plan: SynthesisPlan
  planHash: string
  made: Made
  madeAt: string
  expires: string
  declared?: Declared
}
export interface Card {
  synthesisId: string
  title: string
  dataset: CardFacts['dataset']
  method: string
  why: string
  epsilon: number
  delta: number
  nanoRho: number
  unit: string
  guarantee: string
  drawn: Drawn[]
  notMeasured: string
  rows: number
  columns: { name: string; kind: string; meaning?: string; unit?: string }[]
  planHash: string
  fileHash: string
  made: string
  expires: string
}

const methodNames: Record<string, string> = {
  aim: 'AIM (adaptive selection of marginals)',
  mst: 'MST (a spanning tree of pairs)',
  privsyn: 'PrivSyn (pairs, brought together row by row)',
  independent: 'independent columns',
}

/** The columns that the synthetic file has, in order. */
const inFile = (plan: SynthesisPlan): PlannedColumn[] =>
  plan.columns.filter((c) => c.kind !== 'identifier' || c.use === 'recreate')

/** What the synthetic table knows nothing of. */
function notMeasured(plan: SynthesisPlan, made: Made): string {
  const sets = new Set(made.drawn.filter((d) => d.columns.length > 1).map((d) => d.columns.toSorted().join('\u0000')))
  const kept = plan.columns.filter((c) => c.kind !== 'identifier').length
  const pairs = (kept * (kept - 1)) / 2
  const measured = [...sets].filter((s) => s.split('\u0000').length === 2).length
  const left = plan.columns.filter((c) => c.kind === 'identifier' && c.use === 'drop').map((c) => c.name)
  return [
    `Of ${pairs} pairs of columns ${measured} were measured as such${sets.size > measured ? `, and ${sets.size - measured} larger sets` : ''}; every other relation in the table is what the model makes of these.`,
    'Values inside a bin are drawn evenly. Relations between rows, such as visits of one person or the order of rows, are not there.',
    ...(left.length > 0 ? [`Left out: ${left.join(', ')}.`] : []),
  ].join(' ')
}

/** The release card: everything that may be said of how the table came about. */
export function cardOf({ plan, made, declared, madeAt, planHash, ...facts }: CardFacts): Card {
  const open = sharesOf(plan).deltaEach > 0
  const unit =
    plan.rowsPerPerson === 1 ? 'one person, with one row' : `one person, with at most ${plan.rowsPerPerson} rows`
  return {
    ...facts,
    method: methodNames[made.method] ?? made.method,
    why: made.why,
    epsilon: plan.epsilon,
    delta: plan.delta,
    nanoRho: made.drawn.reduce((n, d) => n + d.nanoRho, 0),
    unit,
    drawn: made.drawn,
    notMeasured: notMeasured(plan, made),
    rows: made.rows,
    guarantee: `(${plan.epsilon}, ${plan.delta})-differential privacy for ${unit}: whoever sees this table, and whatever else they know, learns nearly the same about a person as if that person’s rows had not been there. It holds for the table, its card and everything computed from them${open ? '; half of delta pays for naming the categories of open columns' : ''}. Other releases from the same dataset add to it.`,
    columns: inFile(plan).map((column) => {
      const found = declared?.columns.find((x) => x.name === column.name)
      return {
        name: column.name,
        kind: column.kind,
        ...(found?.meaning ? { meaning: found.meaning } : {}),
        ...(found?.unit ? { unit: found.unit } : {}),
      }
    }),
    planHash,
    fileHash: made.sha256,
    made: madeAt,
    expires: facts.expires,
  }
}

const range = (c: Column): string => (isListed(c) ? '' : `${c.minimum} to ${c.maximum}`)

/** The data dictionary as CSV: one line a column. */
export function dictionaryOf(card: Card, plan: SynthesisPlan, domain: Domain): string {
  const lines = inFile(plan).map((planned) => {
    const column = domain.columns.find((x) => x.name === planned.name)
    const shown = card.columns.find((x) => x.name === planned.name)!
    const about = [shown.unit ?? '', shown.meaning ?? '']
    if (!column)
      return csvLine([planned.name, 'identifier', '', '', '', 'no', ...about, 'Made anew: the number of the row'])
    const values = isListed(column)
      ? [
          ...column.categories,
          ...(column.open ? [column.categories.includes('other') ? '(other)' : 'other'] : []),
        ].join(' | ')
      : ''
    const note = planned.kind !== 'identifier' && planned.buy ? 'Bought with a part of the budget' : 'Declared'
    return csvLine([
      planned.name,
      planned.kind,
      values,
      range(column),
      isListed(column) ? '' : String(edgesOf(column).length - 1),
      column.missing ? 'yes' : 'no',
      ...about,
      note,
    ])
  })
  return (
    csvLine([
      'column',
      'kind',
      'values',
      'range',
      'bins',
      'missing',
      'unit',
      'meaning',
      'where values or range come from',
    ]) + lines.join('')
  )
}

/** Types of columns in schema.org's words, as Croissant wants them. */
const dataTypes: Record<Exclude<PlannedColumn['kind'], 'numeric'>, string> = {
  categorical: 'sc:Text',
  ordinal: 'sc:Text',
  date: 'sc:Date',
  identifier: 'sc:Integer',
}
function dataType(column: PlannedColumn): string {
  if (column.kind !== 'numeric') return dataTypes[column.kind]
  return column.integer ? 'sc:Integer' : 'sc:Float'
}

const context = {
  '@language': 'en',
  '@vocab': 'https://schema.org/',
  citeAs: 'cr:citeAs',
  column: 'cr:column',
  conformsTo: 'dct:conformsTo',
  cr: 'http://mlcommons.org/croissant/',
  data: { '@id': 'cr:data', '@type': '@json' },
  dataType: { '@id': 'cr:dataType', '@type': '@vocab' },
  dct: 'http://purl.org/dc/terms/',
  examples: { '@id': 'cr:examples', '@type': '@json' },
  extract: 'cr:extract',
  field: 'cr:field',
  fileObject: 'cr:fileObject',
  fileProperty: 'cr:fileProperty',
  fileSet: 'cr:fileSet',
  format: 'cr:format',
  includes: 'cr:includes',
  isLiveDataset: 'cr:isLiveDataset',
  jsonPath: 'cr:jsonPath',
  key: 'cr:key',
  md5: 'cr:md5',
  parentField: 'cr:parentField',
  path: 'cr:path',
  rai: 'http://mlcommons.org/croissant/RAI/',
  recordSet: 'cr:recordSet',
  references: 'cr:references',
  regex: 'cr:regex',
  repeated: 'cr:repeated',
  replace: 'cr:replace',
  sc: 'https://schema.org/',
  separator: 'cr:separator',
  source: 'cr:source',
  subField: 'cr:subField',
  transform: 'cr:transform',
}

/** Croissant 1.0 metadata as JSON-LD. `origin` is the installation's. */
export function croissantOf(card: Card, plan: SynthesisPlan, made: Made, origin: string): object {
  return {
    '@context': context,
    '@type': 'sc:Dataset',
    conformsTo: 'http://mlcommons.org/croissant/1.0',
    name: card.title,
    description: `Synthetic data: a differentially private stand-in for the table ${card.dataset.table} of the dataset ${card.dataset.name}, version ${card.dataset.version}. ${card.guarantee} ${card.notMeasured}`,
    url: `${origin}/synthesis/${card.synthesisId}`,
    datePublished: card.made,
    version: '1.0.0',
    isLiveDataset: false,
    'rai:dataCollectionType': ['Synthetic data'],
    'rai:personalSensitiveInformation': [card.guarantee],
    'rai:dataLimitations': [card.notMeasured],
    distribution: [
      {
        '@type': 'cr:FileObject',
        '@id': 'data.csv',
        name: 'data.csv',
        contentUrl: 'data.csv',
        encodingFormat: 'text/csv',
        contentSize: `${made.bytes} B`,
        sha256: made.sha256,
      },
    ],
    recordSet: [
      {
        '@type': 'cr:RecordSet',
        '@id': 'rows',
        name: 'rows',
        description: `${made.rows} synthetic rows`,
        field: inFile(plan).map((column, index) => {
          const { unit, meaning } = card.columns[index]!
          return {
            '@type': 'cr:Field',
            '@id': `rows/${column.name}`,
            name: column.name,
            description: [meaning ?? column.kind, unit].filter(Boolean).join(', '),
            dataType: dataType(column),
            source: { fileObject: { '@id': 'data.csv' }, extract: { column: column.name } },
          }
        }),
      },
    ],
  }
}
