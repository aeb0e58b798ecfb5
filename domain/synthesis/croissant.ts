/** Metadata of a synthetic table in Croissant 1.0 (https://docs.mlcommons.org/croissant/docs/croissant-spec.html). */
import { type Card, columnsInFile } from './describe.ts'
import type { Made } from './manifest.ts'
import type { PlannedColumn, SynthesisPlan } from './plan.ts'

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

/** Croissant 1.0 metadata as JSON-LD. `origin` is the installation's, without a slash at its end. */
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
        field: columnsInFile(plan).map((column) => {
          const { unit, meaning } = card.columns.find((one) => one.name === column.name)!
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
